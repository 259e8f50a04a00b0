using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Plugboard.Linux;
using static Tmds.Linux.LibC;

namespace Plugboard.Tests.Kernel.Ipam;

/// <summary>A tmpfs in a mount table of its own, which ends with the work.</summary>
internal static unsafe partial class SmallFilesystem
{
    private const ulong MS_RDONLY = 1;
    private const ulong MS_REMOUNT = 32;
    private const ulong MS_REC_PRIVATE = (1 << 14) | (1 << 18);

    /// <summary>Runs work on a thread that sees a new tmpfs with these options at the path it is given.</summary>
    public static void Run(string options, Action<string> work)
    {
        var place = Directory.CreateTempSubdirectory("plugboard-tmpfs-").FullName;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Must(unshare(CLONE_FS | CLONE_NEWNS), "unshare");
                Must(Mount("none", "/", "", MS_REC_PRIVATE, ""), "mount");
                Must(Mount("tmpfs", place, "tmpfs", 0, options), "mount");
                work(place);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        Directory.Delete(place);
        failure?.Throw();
    }

    public static void MakeReadOnly(string place) => Must(Mount("tmpfs", place, "tmpfs", MS_REMOUNT | MS_RDONLY, ""), "mount");

    public static void MakeWritable(string place) => Must(Mount("tmpfs", place, "tmpfs", MS_REMOUNT, ""), "mount");

    private static void Must(int result, string call)
    {
        if (result < 0)
            throw ErrnoException.Last(call, "the test's filesystem");
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, ulong flags, string options);
}
