// fork and exec by hand; between the two only what is safe in the child of a process with threads.
#define _GNU_SOURCE  // the POSIX names, under -std=c11
#include "CProcess.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static void become(const char *path, char *const arguments[], char *const environment[], int output, int error,
                   int signal_at_parents_death, pid_t parent) {
    // Signals of the terminal are for the launcher, which passes them on.
    if (setpgid(0, 0) != 0) return;
#ifdef __linux__
    if (prctl(PR_SET_PDEATHSIG, signal_at_parents_death) != 0) return;
    if (getppid() != parent) _exit(127);  // it died before prctl
#endif
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) return;
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || (input != STDIN_FILENO && dup2(input, STDIN_FILENO) < 0)) return;
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(error, STDERR_FILENO) < 0) return;
    execve(path, arguments, environment);
}

pid_t lockstep_spawn(const char *path, char *const arguments[], char *const environment[], int output, int error,
                     int signal_at_parents_death) {
    int report[2];  // closed by exec; carries errno where there was none
    if (pipe(report) != 0) return -errno;
    fcntl(report[0], F_SETFD, FD_CLOEXEC);
    fcntl(report[1], F_SETFD, FD_CLOEXEC);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(path, arguments, environment, output, error, signal_at_parents_death, parent);
        int problem = errno;
        (void)!write(report[1], &problem, sizeof problem);
        _exit(127);
    }
    int problem = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        while (read(report[0], &problem, sizeof problem) < 0 && errno == EINTR) continue;
    }
    close(report[0]);
    return problem == 0 ? child : -problem;  // a child that failed is reaped like any other
}

int lockstep_adopt_orphans(void) {
#ifdef __linux__
    return prctl(PR_SET_CHILD_SUBREAPER, 1);
#else
    return 0;
#endif
}
