using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes.Loop;

/// <summary>The tools for which the kernel has no call: making and checking a filesystem.</summary>
/// <param name="name">The image's path, for messages: the tools get that of an open descriptor.</param>
/// <param name="timeout">How long one may take.</param>
internal sealed class FilesystemTools(string name, TimeSpan timeout)
{
    private const int MostText = 300;
    private static readonly string[] directories = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

    /// <summary>Makes a filesystem in a file.</summary>
    /// <param name="fsType">ext4, xfs or btrfs.</param>
    /// <param name="image">The file; it needs no name.</param>
    /// <param name="extra">The administrator's arguments.</param>
    public void Make(string fsType, FileDescriptor image, IReadOnlyList<string> extra)
    {
        var tool = Get("mkfs." + fsType, fsType);
        var result = Run(tool, ["-q", fsType == "ext4" ? "-F" : "-f", .. extra, image.ProcPath]);
        if (!result.Succeeded)
            throw Failed("mkfs." + fsType, image, result);
    }

    /// <summary>
    /// Mends what can be mended without a question (e2fsck -p); without the tool the kernel's own replay of the journal has to do.
    /// </summary>
    public void CheckExt4(FileDescriptor image, bool force)
    {
        if (Find("e2fsck") is not { } tool)
            return;
        var result = Run(tool, force ? ["-p", "-f", image.ProcPath] : ["-p", image.ProcPath]);
        // e2fsck(8): 1 and 2 are "corrected".
        if (result.ExitCode is not (0 or 1 or 2))
            throw Failed("e2fsck -p", image, result);
    }

    /// <summary>Makes an ext4 filesystem that is not mounted as large as its device.</summary>
    public void GrowExt4(FileDescriptor image)
    {
        CheckExt4(image, force: true);
        var result = Run(Get("resize2fs", "ext4"), [image.ProcPath]);
        if (!result.Succeeded)
            throw Failed("resize2fs", image, result);
    }

    private CommandResult Run(string tool, IReadOnlyList<string> arguments) =>
        new Command(tool)
        {
            Arguments = arguments,
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
            Timeout = timeout,
        }.Run();

    private static string Get(string name, string fsType) =>
        Find(name)
        ?? throw new VolumeException(
            $"loop: {name} not found in the kubelet's root filesystem; install {Package(fsType)} on the "
                + $"node{(fsType == "ext4" ? "" : " or set fsType: ext4")}"
        );

    private static string Package(string fsType) =>
        fsType switch
        {
            "xfs" => "xfsprogs",
            "btrfs" => "btrfs-progs",
            _ => "e2fsprogs",
        };

    private static string? Find(string name)
    {
        foreach (var directory in directories)
        {
            if (FileDescriptor.FindStatus($"{directory}/{name}") is { IsRegular: true })
                return $"{directory}/{name}";
        }

        return null;
    }

    private VolumeException Failed(string tool, FileDescriptor image, CommandResult result)
    {
        if (result.TimedOut)
            return new VolumeException(
                $"loop: {tool} of {name} did not end within {timeout.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s "
                    + "and was killed"
            );
        var text = (Encoding.UTF8.GetString(result.Error) + Encoding.UTF8.GetString(result.Output)).Trim().ReplaceLineEndings(" ");
        text = text.Replace(image.ProcPath, name, StringComparison.Ordinal);
        return new VolumeException($"loop: {tool} of {name} failed: {(text.Length <= MostText ? text : text[..MostText] + "…")}");
    }
}
