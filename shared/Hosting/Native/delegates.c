/*
 * A delegate ends with the plugin that started it: a runtime whose deadline is over kills the plugin, and no process would be left to end a
 * delegate that hangs. Only the child itself can ask for that (PR_SET_PDEATHSIG, prctl(2)), between its start and exec, and posix_spawn(3)
 * has no attribute for it: this is the execve that glibc's posix_spawn calls in the child (ld --wrap).
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int __real___execve(const char *path, char *const arguments[], char *const environment[]);
int __wrap___execve(const char *path, char *const arguments[], char *const environment[])
{
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return __real___execve(path, arguments, environment);
}
