// What became of all that a process has printed. Swift can't reach `stdout`, a variable that any thread could change.
#include "CProcess.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int lockstep_flush_output(void) {
    int failed_before = ferror(stdout);
    errno = 0;
    if (fflush(stdout) == 0 && !failed_before) return 0;
    int reason = errno ? errno : EIO;
    // Who reads no more has had enough, as `head`.
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int has_no_reader = reason == EPIPE || (poll(&output, 1, 0) > 0 && (output.revents & POLLERR));
    return has_no_reader ? 0 : reason;
}
