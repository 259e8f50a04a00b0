using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>What is kept of one attachment: the config that its delegate was called with.</summary>
/// <param name="FileName">The file's name: the container's id, or that, the network's name and the interface's with colons between.</param>
/// <param name="Config">What it says; null if it cannot be read, as after a power cut.</param>
/// <param name="IfName">The attachment's interface; null if the file does not say: the reference's does not.</param>
internal sealed record AttachmentState(string FileName, NetworkConfig? Config, string? IfName)
{
    /// <summary>
    /// The member with the interface, in files of ours under the reference's names, unless it is <see cref="UsualIfName"/>: such a file is
    /// the reference's to the member, and a line end behind it tells that it is ours.
    /// </summary>
    public const string IfNameKey = "plugboard/ifname";

    /// <summary>The name that runtimes give the interface of a container that has one.</summary>
    public const string UsualIfName = "eth0";

    /// <summary>The member that marks an ADD that failed and that the delegate could not undo.</summary>
    public const string FailedKey = "plugboard/failed";

    private const int LongestFileName = 254; // NAME_MAX less the dot of a file that is being written

    private const char Separator = ':';

    private const byte LineEnd = (byte)'\n';

    /// <summary>The attachment's container.</summary>
    public string ContainerId => FileName.Split(Separator, 2)[0];

    /// <summary>True if no attachment exists: ADD failed, and the delegate's DEL too.</summary>
    public bool Failed { get; private init; }

    /// <summary>True if it is, or for all it says may be, of the attachment that is called for.</summary>
    public bool IsOf(CniRequest request) =>
        Config?.Name == request.NetworkName && ContainerId == request.ContainerId && (IfName is null || IfName == request.IfName);

    /// <summary>The file's name where the container's id alone is taken. Neither an id nor a name nor an interface has a colon.</summary>
    public static string LongNameOf(CniRequest request) =>
        $"{request.ContainerId}{Separator}{request.NetworkName}{Separator}{request.IfName}";

    /// <summary>Refuses an ADD whose attachment gives no valid file name.</summary>
    /// <exception cref="CniException">Code 4: the names are too long together.</exception>
    public static void RequireStorable(CniRequest request)
    {
        var length = Encoding.UTF8.GetByteCount(LongNameOf(request));
        if (length <= LongestFileName)
            return;
        throw new CniException(
            CniErrorCode.InvalidEnvironment,
            "CNI_CONTAINERID, CNI_IFNAME and the network's name are too long",
            $"together they name a file in dataDir and have {length} bytes; at most {LongestFileName} can be kept"
        );
    }

    /// <summary>What the file of an attachment has.</summary>
    public static byte[] Write(DelegateConfig config, string ifName) =>
        ifName == UsualIfName ? [.. config.ToBytes(), LineEnd] : config.With(IfNameKey, JsonValue.Of(ifName)).ToBytes();

    /// <summary>What a file says.</summary>
    public static AttachmentState Read(string fileName, byte[] content)
    {
        var parts = fileName.Split(Separator);
        try
        {
            var config = NetworkConfig.Parse(content);
            // Without a type there is no delegate to call: the file is as good as empty.
            return new AttachmentState(
                fileName,
                config.Root.GetString("type").Length == 0 ? null : config,
                parts.Length == 3 ? parts[2] : config.Root.FindString(IfNameKey) ?? (content[^1] == LineEnd ? UsualIfName : null)
            )
            {
                Failed = config.Root.GetBool(FailedKey),
            };
        }
        catch (CniException)
        {
            return new AttachmentState(fileName, null, parts.Length == 3 ? parts[2] : null);
        }
    }
}
