using System.Globalization;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Tmpfs;

/// <summary>What a <c>tmpfs</c> volume's options come to. Pure.</summary>
internal sealed record TmpfsPlan(IReadOnlyList<MountParameter> Parameters, MountAttributes Attributes)
{
    private const string Backend = "tmpfs";
    private static readonly string[] known = ["size", "mode", "uid", "gid", "nr_inodes", "huge", "noswap", "exec", "readOnly"];

    public static TmpfsPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var gid = options.Id(Backend, "gid") ?? request.FsGroup;
        var parameters = new List<MountParameter>
        {
            new("size", SizeOf(request)),
            new("mode", Convert.ToString((int)(options.Mode(Backend, "mode") ?? (gid is null ? 0x3ffu : 0x5f8u)), 8)),
        };
        if (options.Id(Backend, "uid") is { } uid)
            parameters.Add(new("uid", uid.ToString(CultureInfo.InvariantCulture)));
        if (gid is not null)
            parameters.Add(new("gid", gid.Value.ToString(CultureInfo.InvariantCulture)));
        foreach (var key in (string[])["nr_inodes", "huge"])
        {
            if (options.Find(key) is not { } value)
                continue;
            if (value.Contains(',', StringComparison.Ordinal))
                throw options.Wrong(Backend, key, value, "one value, as tmpfs(5) has it,");
            parameters.Add(new(key, value));
        }

        if (options.Flag(Backend, "noswap", false))
            parameters.Add(new("noswap", null));
        var readOnly = request.ReadOnly | options.Flag(Backend, "readOnly", false);
        var exec = options.Flag(Backend, "exec", true);
        return new TmpfsPlan(
            parameters,
            policy.ForcedAttributes | (readOnly ? MountAttributes.ReadOnly : 0) | (exec ? 0 : MountAttributes.NoExec)
        );
    }

    // Bytes, or a share of the memory, which the kernel computes.
    private static string SizeOf(PublishRequest request)
    {
        var text = request.Options.Get(Backend, "size").Trim();
        if (!text.EndsWith('%'))
            return request.Options.Size(Backend, "size")!.Value.ToString(CultureInfo.InvariantCulture);
        return int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 100
            ? text
            : throw request.Options.Wrong(Backend, "size", text, "a size such as \"64Mi\" or \"10%\"");
    }
}
