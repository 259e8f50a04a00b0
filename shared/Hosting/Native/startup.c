/*
 * What the .NET runtime asks the system at each start and a plugin never needs: linked in front of the runtime's own answers
 * (ld --wrap; docs/decisions/0010). The names are listed in plugins/Directory.Build.targets; the build fails when a runtime calls one
 * of them no longer (check-hooks.sh).
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Limits of memory and processors by cgroup: the heap has a limit of its own. Spares reading /proc/self/mountinfo twice. */
void __wrap__Z16InitializeCGroupv(void) {}
void __wrap__Z19InitializeCpuCGroupv(void) {}

/* Where memory lies: of no use in two milliseconds. */
void __wrap__Z21NUMASupportInitializev(void) {}

/* How much memory the machine has free: as much as the heap may ever have. Spares /proc/meminfo. */
void __wrap__ZN15GCToOSInterface15GetMemoryStatusEmPjPmS1_(
    uint64_t limit, uint32_t *load, uint64_t *available, uint64_t *available_page_file)
{
    if (load)
        *load = 0;
    if (available)
        *available = limit ? limit : 256 << 20;
    if (available_page_file)
        *available_page_file = 0;
}

/* How many processors: those that this process may use. Spares /sys/devices/system/cpu/online. */
long __real_sysconf(int name);
long __wrap_sysconf(int name)
{
    cpu_set_t usable;
    if ((name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF) && sched_getaffinity(0, sizeof usable, &usable) == 0)
        return CPU_COUNT(&usable);
    return __real_sysconf(name);
}

/*
 * How many processors the machine could ever have; the runtime asks twice. It makes a set of that size for sched_getaffinity(2), which
 * answers with the size of the kernel's own set. Spares /sys/devices/system/cpu/possible.
 */
int __wrap_minipal_get_cpu_max_possible_count(void)
{
    static int processors;
    unsigned long usable[8192 / 8 / sizeof(unsigned long)];
    if (!processors) {
        const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof usable, usable);
        processors = bytes > 0 ? (int)bytes * 8 : 8192;
    }
    return processors;
}

/* Where the executable lies, for libraries that it would load. It loads none. */
const char *__wrap__dl_get_origin(void) { return (const char *)-1; }

/* What the hash tables begin with. Spares /dev/urandom, which would also stay open. */
void __wrap_SystemNative_GetNonCryptographicallySecureRandomBytes(uint8_t *buffer, int32_t length)
{
    const uint8_t *const of_the_kernel = (const uint8_t *)getauxval(AT_RANDOM);
    if (getrandom(buffer, (size_t)length, GRND_NONBLOCK) == length || !of_the_kernel)
        return;
    for (int32_t i = 0; i < length; i++)
        buffer[i] = of_the_kernel[i % 16];
}

/*
 * The thread that runs finalizers: a plugin disposes what it opens and ends within milliseconds. A second thread costs its start, and at
 * the end the kernel wakes it on another processor before the process is gone.
 */
_Bool __wrap__Z23PalStartFinalizerThreadPFjPvES_(void *start, void *argument)
{
    (void)start;
    (void)argument;
    return 1;
}

/*
 * What the processor can do beyond what the code was compiled for: nothing that two milliseconds gain by. CPUID traps in a virtual machine,
 * 1 to 6 µs each time, and the runtime asks seven times.
 */
extern const int g_requiredCpuFeatures;
int __wrap_minipal_getcpufeatures(void) { return g_requiredCpuFeatures; }

/*
 * Whether parts of the heap belong into a core dump: each answer is a call and splits a mapping. What was never touched is in none anyway.
 */
int __real_madvise(void *start, size_t length, int advice);
int __wrap_madvise(void *start, size_t length, int advice)
{
    return advice == MADV_DONTDUMP || advice == MADV_DODUMP ? 0 : __real_madvise(start, length, advice);
}

/*
 * The heap of the garbage collector: writable as a whole from the start, and filled page by page as it is touched. The runtime reserves it
 * without access and makes it writable in parts of 4 and 64 KiB, each a call that divides a mapping. Where the kernel grants no writable
 * memory of that size (strict overcommit, RLIMIT_DATA) it goes on as the runtime does.
 */
void *__real__ZN15GCToOSInterface14VirtualReserveEmmjt(size_t size, size_t alignment, uint32_t flags, uint16_t node);
_Bool __real__ZN15GCToOSInterface13VirtualCommitEPvmt(void *address, size_t size, uint16_t node);
_Bool __real__ZN15GCToOSInterface15VirtualDecommitEPvm(void *address, size_t size);

static _Bool reserved_without_access;

void *__wrap__ZN15GCToOSInterface14VirtualReserveEmmjt(size_t size, size_t alignment, uint32_t flags, uint16_t node)
{
    const size_t page = getauxval(AT_PAGESZ);
    const size_t more = alignment > page ? alignment - page : 0;
    void *const all = mmap(NULL, size + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) {
        reserved_without_access = 1;
        return __real__ZN15GCToOSInterface14VirtualReserveEmmjt(size, alignment, flags, node);
    }
    return more ? (void *)(((uintptr_t)all + alignment - 1) & ~(uintptr_t)(alignment - 1)) : all;
}

_Bool __wrap__ZN15GCToOSInterface13VirtualCommitEPvmt(void *address, size_t size, uint16_t node)
{
    return !reserved_without_access || __real__ZN15GCToOSInterface13VirtualCommitEPvmt(address, size, node);
}

_Bool __wrap__ZN15GCToOSInterface15VirtualDecommitEPvm(void *address, size_t size)
{
    if (reserved_without_access)
        return __real__ZN15GCToOSInterface15VirtualDecommitEPvm(address, size);
    return madvise(address, size, MADV_DONTNEED) == 0;
}

/*
 * One malloc arena for all threads, grown once. Of it the start touches 40 KiB, and of the runtime's variables without a value most pages:
 * they are filled by one call for each (Linux 5.14), not by a page fault for each page.
 */
__attribute__((constructor(101))) static void prepare_memory(void)
{
    extern char __bss_start[], _end[];
    const uintptr_t page = getauxval(AT_PAGESZ);
    const uintptr_t variables = ((uintptr_t)__bss_start + page - 1) & ~(page - 1);
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, 256 * 1024);
    madvise((void *)variables, (uintptr_t)_end - variables, MADV_POPULATE_WRITE);
    const uintptr_t allocated = (uintptr_t)malloc(1) & ~(page - 1);
    if (allocated)
        madvise((void *)allocated, 40 * 1024, MADV_POPULATE_WRITE);
}

int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);

/*
 * The first thread's stack. glibc reads /proc/self/maps for it; the kernel has said where its top is: above the path of the
 * executable, which it puts there last, are eight bytes of zero.
 */
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    const char *last = (const char *)getauxval(AT_EXECFN);
    const uintptr_t page = getauxval(AT_PAGESZ);
    struct rlimit limit;
    if (getpid() != gettid() || !last || !page || getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return __real_pthread_getattr_np(thread, attributes);
    const uintptr_t top = ((uintptr_t)last + strlen(last) + 1 + 8 + page - 1) & ~(page - 1);
    const size_t size = limit.rlim_cur & ~(page - 1);
    const int error = pthread_attr_init(attributes);
    return error ? error : pthread_attr_setstack(attributes, (void *)(top - size), size);
}
