using System.Runtime.ExceptionServices;
using Plugboard.Linux;
using static Tmds.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>What may be in the place of a file, and the time in which code must have answered to it.</summary>
public static class PlacedFile
{
    /// <summary>The kinds that <see cref="Place"/> makes.</summary>
    public static IReadOnlyList<string> Kinds => ["a named pipe", "a socket", "a directory", "a character device"];

    /// <summary>Places a file of that kind at a path where nothing is.</summary>
    public static void Place(string kind, string path)
    {
        const uint NamedPipe = 0x1000 | 0x180;
        const uint Socket = 0xc000 | 0x180;
        switch (kind)
        {
            case "a named pipe":
                MakeNode(path, NamedPipe);
                break;
            case "a socket":
                MakeNode(path, Socket);
                break;
            case "a directory":
                Directory.CreateDirectory(path);
                break;
            default:
                System.IO.File.CreateSymbolicLink(path, "/dev/zero");
                break;
        }
    }

    private static void MakeNode(string path, uint mode)
    {
        if (Linux.LibC.File.MkNodAt(AT_FDCWD, path, mode, 0) < 0)
            throw ErrnoException.Last("mknod", path);
    }

    /// <summary>Runs code that must not wait for ever; its exception is thrown here as it was.</summary>
    public static void Promptly(Action code)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        // It takes microseconds; a loaded machine may not run the thread for seconds.
        if (!thread.Join(TimeSpan.FromSeconds(20)))
            throw new TimeoutException("the call waits for ever");
        failure?.Throw();
    }
}
