// Runs a command and kills it before its N-th system call that changes anything outside of it: "kill-at N COMMAND…". Then the call's name
// is printed on stderr and the exit code is 137, else it is the command's. Only the calls of the filter stop, so that the command is hardly
// slower, which strace is not: it cannot inject a signal with a filter (--seccomp-bpf).
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { int number; const char *name; } calls[] = {
    {SYS_openat, "openat"}, {SYS_mkdirat, "mkdirat"}, {SYS_renameat, "renameat"}, {SYS_renameat2, "renameat2"}, {SYS_linkat, "linkat"},
    {SYS_unlinkat, "unlinkat"}, {SYS_write, "write"}, {SYS_pwrite64, "pwrite64"}, {SYS_ftruncate, "ftruncate"}, {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
};
enum { COUNT = sizeof calls / sizeof *calls };

static void die(const char *what) { perror(what); exit(2); }

static void filter(void) {
    struct sock_filter program[2 * COUNT + 2], *p = program;
    *p++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < COUNT; i++) {
        *p++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
        *p++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | i);
    }
    *p++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog loaded = {p - program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded)) die("seccomp");
}

static int peek(pid_t pid, unsigned long long from, void *to, size_t length) {
    struct iovec here = {to, length}, there = {(void *)from, length};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)length;
}

static int exists(pid_t pid, int directory, unsigned long long from) {
    char name[256] = "", path[320];
    for (unsigned i = 0; i + 1 < sizeof name && peek(pid, from + i, name + i, 1) && name[i]; i++) { }
    if (name[0] == '/') snprintf(path, sizeof path, "/proc/%d/root%s", pid, name);
    else if (directory == AT_FDCWD) snprintf(path, sizeof path, "/proc/%d/cwd/%s", pid, name);
    else snprintf(path, sizeof path, "/proc/%d/fd/%d/%s", pid, directory, name);
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// No name leads to it, so that it ends with the process.
static int is_unnamed(pid_t pid, int descriptor) {
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, descriptor);
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 0;
}

// A file that is there is not made, one that is not there is not removed; a netlink request that only asks has a type of 2 above a multiple
// of 4; a frame changes nothing on this machine.
static int changes(pid_t pid, int number, const struct user_regs_struct *regs) {
    struct nlmsghdr head;
    switch (number) {
    case SYS_openat: return (regs->rdx & O_TRUNC) || ((regs->rdx & O_CREAT) && !exists(pid, (int)regs->rdi, regs->rsi));
    case SYS_unlinkat: return exists(pid, (int)regs->rdi, regs->rsi);
    case SYS_write: case SYS_pwrite64: return !is_unnamed(pid, (int)regs->rdi);
    case SYS_sendto:
        return regs->rdx >= sizeof head && peek(pid, regs->rsi, &head, sizeof head) && head.nlmsg_len == regs->rdx
            && (head.nlmsg_type & 3) != 2;
    default: return 1;
    }
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    int left = atoi(arguments[1]);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
        raise(SIGSTOP);
        filter();
        execv(arguments[2], arguments + 2);
        die(arguments[2]);
    }
    int status;
    if (waitpid(child, &status, 0) != child) die("waitpid");
    int options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, options))
        die("ptrace");
    ptrace(PTRACE_CONT, child, 0, 0);
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (pid == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
            unsigned long index;
            struct user_regs_struct regs;
            if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &index) || ptrace(PTRACE_GETREGS, pid, 0, &regs)) die("ptrace");
            if (changes(pid, calls[index].number, &regs) && --left == 0) {
                fprintf(stderr, "%s\n", calls[index].name);
                kill(pid, SIGKILL);
                kill(child, SIGKILL);
                for (pid_t dead; (dead = waitpid(-1, &status, __WALL)) > 0 && (dead != child || WIFSTOPPED(status));) { }
                return 137;
            }
        }
        ptrace(PTRACE_CONT, pid, 0, status >> 16 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal);
    }
    die("waitpid");
}
