using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Children;

/// <summary>
/// posix_spawn(3) with three descriptors, an empty signal mask and SIGPIPE as the kernel has it: .NET ignores it, and a child would inherit
/// that.
/// </summary>
internal static unsafe class SpawnChild
{
    // Larger than posix_spawnattr_t (336 bytes), posix_spawn_file_actions_t (80) and sigset_t (128) of any libc.
    private const int Room = 512;
    private const int SetSigDefault = 4;
    private const int SetSigMask = 8;
    private const int SigPipe = 13;

    /// <summary>Starts a child; the error number of what went wrong, or none.</summary>
    public static Errno Start(
        string path,
        byte** argv,
        byte** envp,
        (FileDescriptor Input, FileDescriptor Output, FileDescriptor Error) streams,
        out int pid
    )
    {
        var actions = stackalloc byte[Room];
        var attributes = stackalloc byte[Room];
        _ = Process.FileActionsInit(actions);
        _ = Process.AttributesInit(attributes);
        try
        {
            var errno = Prepare(actions, attributes, streams);
            int child = 0;
            if (errno == 0)
                errno = Process.PosixSpawn(&child, path, actions, attributes, argv, envp);
            pid = child;
            return (Errno)errno;
        }
        finally
        {
            _ = Process.AttributesDestroy(attributes);
            _ = Process.FileActionsDestroy(actions);
        }
    }

    private static int Prepare(byte* actions, byte* attributes, (FileDescriptor Input, FileDescriptor Output, FileDescriptor Error) streams)
    {
        var none = stackalloc byte[Room];
        var pipe = stackalloc byte[Room];
        new Span<byte>(none, Room).Clear();
        new Span<byte>(pipe, Room).Clear();
        pipe[(SigPipe - 1) / 8] = 1 << ((SigPipe - 1) % 8);
        var errno = Process.FileActionsAddDup2(actions, streams.Input.Number, 0);
        errno = errno != 0 ? errno : Process.FileActionsAddDup2(actions, streams.Output.Number, 1);
        errno = errno != 0 ? errno : Process.FileActionsAddDup2(actions, streams.Error.Number, 2);
        errno = errno != 0 ? errno : Process.AttributesSetSigMask(attributes, none);
        errno = errno != 0 ? errno : Process.AttributesSetSigDefault(attributes, pipe);
        return errno != 0 ? errno : Process.AttributesSetFlags(attributes, SetSigDefault | SetSigMask);
    }
}
