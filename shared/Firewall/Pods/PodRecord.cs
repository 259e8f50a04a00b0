using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The objects made for a pod, in words: lines of a key, a blank and a value. DEL uses it, it shows whether an owner lives, and the pod's
/// part of a ruleset can be made again from it after <c>nft flush ruleset</c>. Keys can be repeated; a reader ignores unknown ones.
/// </summary>
/// <param name="owner">The owner.</param>
public sealed class PodRecord(Attachment owner)
{
    private const string NetworkKey = "network";
    private const string ContainerKey = "container";
    private const string InterfaceKey = "interface";
    private const string NetNsKey = "netns";
    private const string LinkKey = "link";

    // Between the two states of a repeated ADD: what the kernel has is of the record before, or of this one.
    private const string ReplacingKey = "replacing";

    private readonly List<KeyValuePair<string, string>> lines = [];

    /// <summary>The owner.</summary>
    public Attachment Owner { get; } = owner;

    /// <summary>The path of the pod's network namespace; empty where it is not known.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The host's end of the pod's link, such as <c>veth1a2b3c4d</c>; empty if absent or unknown.</summary>
    public string Link { get; init; } = "";

    /// <summary>True where a repeated ADD did not come to its end: the pod may have more, or less, than the record says.</summary>
    public bool IsReplacing => Find(ReplacingKey) is not null;

    /// <summary>This record for the time in which the kernel has, or may still have, what an earlier one said.</summary>
    public PodRecord Replacing()
    {
        var record = new PodRecord(Owner) { NetNs = NetNs, Link = Link };
        record.lines.AddRange(lines);
        return record.With(ReplacingKey, "true");
    }

    /// <summary>Adds a line.</summary>
    /// <exception cref="PodRecordException">The value holds a line end.</exception>
    /// <exception cref="ArgumentException">The key is of what every record has, and the line would be read as that.</exception>
    public PodRecord With(string key, string value)
    {
        if (IsOfEveryRecord(key))
            throw new ArgumentException($"{key} is of every record");
        lines.Add(new KeyValuePair<string, string>(key, Line(value)));
        return this;
    }

    /// <summary>The first value of a key; null if absent.</summary>
    public string? Find(string key)
    {
        foreach (var line in lines)
        {
            if (line.Key == key)
                return line.Value;
        }

        return null;
    }

    /// <summary>All values of a key, in their order.</summary>
    public IReadOnlyList<string> List(string key)
    {
        var values = new List<string>();
        foreach (var line in lines)
        {
            if (line.Key == key)
                values.Add(line.Value);
        }

        return values;
    }

    /// <summary>The record as a file's content, UTF-8.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder(512);
        Append(text, NetworkKey, Owner.Network);
        Append(text, ContainerKey, Owner.ContainerId);
        Append(text, InterfaceKey, Owner.IfName);
        Append(text, NetNsKey, NetNs);
        Append(text, LinkKey, Link);
        foreach (var line in lines)
            Append(text, line.Key, line.Value);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads a file's content; null if it names no owner, as an empty or torn one.</summary>
    public static PodRecord? TryParse(ReadOnlySpan<byte> content)
    {
        var text = Encoding.UTF8.GetString(content);
        // A record ends with its last line's end: what does not was cut off.
        if (!text.EndsWith('\n'))
            return null;
        var found = new List<KeyValuePair<string, string>>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = line.IndexOf(' ');
            found.Add(end < 0 ? new(line, "") : new(line[..end], line[(end + 1)..]));
        }

        return From(found);
    }

    private static PodRecord? From(List<KeyValuePair<string, string>> found)
    {
        string network = "",
            container = "",
            ifName = "",
            netNs = "",
            link = "";
        foreach (var (key, value) in found)
        {
            switch (key)
            {
                case NetworkKey:
                    network = value;
                    break;
                case ContainerKey:
                    container = value;
                    break;
                case InterfaceKey:
                    ifName = value;
                    break;
                case NetNsKey:
                    netNs = value;
                    break;
                case LinkKey:
                    link = value;
                    break;
            }
        }

        if (network.Length == 0 || container.Length == 0)
            return null;
        var record = new PodRecord(new Attachment(network, container, ifName)) { NetNs = netNs, Link = link };
        foreach (var line in found)
        {
            if (!IsOfEveryRecord(line.Key))
                record.lines.Add(line);
        }

        return record;
    }

    private static bool IsOfEveryRecord(string key) => key is NetworkKey or ContainerKey or InterfaceKey or NetNsKey or LinkKey;

    private void Append(StringBuilder text, string key, string value)
    {
        if (value.Length > 0)
            text.Append(key).Append(' ').Append(Line(value)).Append('\n');
    }

    private string Line(string value) =>
        value.Contains('\n')
            ? throw new PodRecordException(Owner, "a value holds a line end, and a record's values are one line each")
            : value;
}
