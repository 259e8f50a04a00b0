// Runs a command with a fault at the N-th system call of a name in each of its processes, or from it on:
//   fault-at [--alone] NAME N[+] kill|ERRNO COMMAND…
// The process is killed before the call is done, or the call fails without being done. --alone: not in what the command executes.
// The exit code, or the signal that ends it, is the command's. Only calls of that name stop the command, and only once each: strace, which
// can do the same, starts in five times the time, and cannot inject a signal with a filter (--seccomp-bpf).
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { const char *name; int number; } calls[] = {
#include "calls.h"
};

// How often each process, by its number modulo the table's size, has made the call.
enum { PROCESSES = 1024 };
static struct { pid_t pid; long count; } counts[PROCESSES];

static void die(const char *what) { perror(what); exit(99); }

static int number_of(const char *name) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].name, name) == 0) return calls[i].number;
    fprintf(stderr, "fault-at: no system call %s\n", name);
    exit(99);
}

// 0 for kill.
static int error_of(const char *name) {
    if (strcmp(name, "kill") == 0) return 0;
    for (int error = 1; error < 200; error++)
        if (strerrorname_np(error) && strcmp(strerrorname_np(error), name) == 0) return error;
    fprintf(stderr, "fault-at: no error %s\n", name);
    exit(99);
}

static void filter(int number) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog loaded = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded)) die("seccomp");
}

static long count_of(pid_t pid) {
    for (int i = 0; i < PROCESSES; i++) {
        int place = (pid + i) % PROCESSES;
        if (counts[place].pid && counts[place].pid != pid) continue;
        counts[place].pid = pid;
        return ++counts[place].count;
    }
    fputs("fault-at: too many processes\n", stderr);
    exit(99);
}

static void fail(pid_t pid, int error) {
    struct user_regs_struct registers;
    if (error == 0) {
        kill(pid, SIGKILL);
        return;
    }
    if (ptrace(PTRACE_GETREGS, pid, 0, &registers)) return;
    registers.orig_rax = -1;
    registers.rax = -error;
    if (ptrace(PTRACE_SETREGS, pid, 0, &registers)) die("ptrace");
}

// Ends as the command did.
static int end(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}

int main(int count, char **arguments) {
    int alone = count > 1 && strcmp(arguments[1], "--alone") == 0;
    arguments += alone;
    if (count - alone < 5) return 99;
    int number = number_of(arguments[1]), error = error_of(arguments[3]), status, ended = 0;
    char *from;
    long place = strtol(arguments[2], &from, 10);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
        raise(SIGSTOP);
        filter(number);
        execvp(arguments[4], arguments + 4);
        die(arguments[4]);
    }
    if (waitpid(child, &status, 0) != child) die("waitpid");
    int options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, options)) die("ptrace");
    ptrace(PTRACE_CONT, child, 0, 0);
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == child) ended = status;
            continue;
        }
        int signal = WSTOPSIG(status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) && (!alone || pid == child)) {
            long reached = count_of(pid);
            if (*from == '+' ? reached >= place : reached == place) fail(pid, error);
        }
        ptrace(PTRACE_CONT, pid, 0, status >> 16 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal);
    }
    return end(ended);
}
