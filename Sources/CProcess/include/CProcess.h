// Starting a child process that doesn't outlive this one, for `lockstep launch`: posix_spawn can't ask for a signal at the
// parent's death, and Swift can't call fork or prctl. And whether a command's answer has been written.
#ifndef LOCKSTEP_CPROCESS_H
#define LOCKSTEP_CPROCESS_H
#include <sys/types.h>

/// Starts `path` in a process group of its own, with /dev/null as standard input, the descriptors `output` and `error`
/// as standard output and error, and no signal blocked or ignored. When the calling *thread* ends, the child gets
/// `signal_at_parents_death` (Linux only).
///
/// Returns the child's process id, or the negative errno where it could not be started.
pid_t lockstep_spawn(const char *path, char *const arguments[], char *const environment[], int output, int error,
                     int signal_at_parents_death);

/// Makes descendants that lose their parent children of this process, so that it can wait for them (Linux only).
/// Returns 0, or -1 with errno.
int lockstep_adopt_orphans(void);

/// Writes what was printed and is still in memory. Returns 0, or the errno of what kept anything printed from being written
/// (EIO where it is no longer known); 0 also where a pipe's reader has gone.
int lockstep_flush_output(void);

#endif
