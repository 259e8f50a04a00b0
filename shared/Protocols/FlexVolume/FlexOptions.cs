using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// The JSON of a call: the user's options, and what kubelet adds under names of its own. Secrets are bytes that no text form of this shows.
/// </summary>
public sealed class FlexOptions
{
    private const string Prefix = "kubernetes.io/";
    private const string SecretPrefix = "kubernetes.io/secret/";

    private readonly Dictionary<string, string> own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> kubelet = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> secrets = new(StringComparer.Ordinal);

    /// <summary>No options.</summary>
    public static FlexOptions None { get; } = new();

    /// <summary>What the volume's author wrote.</summary>
    public IReadOnlyDictionary<string, string> Own => own;

    /// <summary>The Secret's values by their keys, as they are in the Secret.</summary>
    public IReadOnlyDictionary<string, byte[]> Secrets => secrets;

    /// <summary>The filesystem that is wanted; empty: none in particular.</summary>
    public string FsType => Kubelet("fsType");

    /// <summary>True for <c>ro</c>.</summary>
    public bool IsReadOnly => Kubelet("readwrite") == "ro";

    /// <summary>The PersistentVolume's name, or the name in the pod's spec; empty if not given.</summary>
    public string VolumeName => Kubelet("pvOrVolumeName");

    /// <summary>The pod's namespace; mount only.</summary>
    public string PodNamespace => Kubelet("pod.namespace");

    /// <summary>The pod's name; mount only.</summary>
    public string PodName => Kubelet("pod.name");

    /// <summary>The pod's uid; mount only. The documentation writes UID, the code uid.</summary>
    public string PodUid => Kubelet("pod.uid") is { Length: > 0 } uid ? uid : Kubelet("pod.UID");

    /// <summary>The pod's service account; mount only.</summary>
    public string ServiceAccount => Kubelet("serviceAccount.name");

    /// <summary>The pod's fsGroup; null if it has none. Until 1.14 it had another name.</summary>
    public uint? FsGroup
    {
        get
        {
            var text = Kubelet("mounterArgs.FsGroup") is { Length: > 0 } now ? now : Kubelet("fsGroup");
            return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var group) ? group : null;
        }
    }

    /// <summary>Reads the JSON argument.</summary>
    /// <exception cref="FlexException">It is no object of texts, or a secret is not in base64.</exception>
    public static FlexOptions Parse(string json)
    {
        var root = FlexJson.ParseObject(Encoding.UTF8.GetBytes(json), "the options argument");
        var options = new FlexOptions();
        for (var i = 0; i < root.Names.Count; i++)
        {
            var (name, value) = (root.Names[i], root.Values[i]);
            var text = value.Kind switch
            {
                JsonValueKind.String or JsonValueKind.Number => value.Text,
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                JsonValueKind.Null => "",
                _ => throw new FlexException($"option \"{FlexJson.Shorten(name)}\" is not a text"),
            };
            options.Add(name, text);
        }

        return options;
    }

    private void Add(string name, string text)
    {
        if (name.StartsWith(SecretPrefix, StringComparison.Ordinal))
            secrets[name[SecretPrefix.Length..]] = Decode(name[SecretPrefix.Length..], text);
        else if (text.Contains('\0', StringComparison.Ordinal))
            throw new FlexException($"option \"{FlexJson.Shorten(name)}\" holds a NUL, which no path or mount option can hold");
        else if (name.StartsWith(Prefix, StringComparison.Ordinal))
            kubelet[name[Prefix.Length..]] = text;
        else
            own[name] = text;
    }

    private static byte[] Decode(string key, string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes[..length]
            : throw new FlexException($"the value of \"{FlexJson.Shorten(key)}\" in the Secret is not in base64");
    }

    private string Kubelet(string name) => kubelet.GetValueOrDefault(name, "");
}
