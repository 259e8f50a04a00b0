using Plugboard.Linux.LibC;

namespace Plugboard.Linux;

/// <summary>What a process does to itself before it works for somebody who waits for the end of its streams.</summary>
public static class OwnProcess
{
    /// <summary>
    /// Standard error leads nowhere from now on, no descriptor that was inherited passes to children, and 0, 1 and 2 are open, so that no file
    /// opened later is taken for one of them. Where there is no /dev/null, as in an empty root, standard error stays.
    /// </summary>
    public static void Silence()
    {
        _ = Process.CloseRange(3, uint.MaxValue, Process.CLOSE_RANGE_CLOEXEC);
        while (true)
        {
            var fd = LibC.File.OpenAt(LibC.File.AT_FDCWD, "/dev/null", LibC.File.O_RDWR | LibC.File.O_CLOEXEC, 0);
            if (fd < 0)
                return;
            if (fd <= 2)
                continue;
            _ = Process.Dup2(fd, 2);
            _ = LibC.File.Close(fd);
            return;
        }
    }

    /// <summary>Files and directories that are made from now on are writable for their owner only, whatever the caller's umask.</summary>
    public static void SetUmask() => _ = Process.UMask(0x12);

    /// <summary>True for a process that may do what root may, as far as its capabilities go.</summary>
    public static bool IsRoot => Process.GetEUid() == 0;

    /// <summary>The kernel ends this process after that time, also where it waits for a server: nobody else may be left to do it.</summary>
    public static void EndAfter(TimeSpan time) => _ = Process.Alarm((uint)Math.Ceiling(time.TotalSeconds));
}
