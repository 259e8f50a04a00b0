using System.Text.Json;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tuning;

/// <summary>Reads the kernel settings of a tuning config: those of the network namespace alone. Pure.</summary>
internal static class SysctlKeys
{
    private const string Interface = "IFNAME";

    /// <summary>The settings of args.cni and of the config; the former wins.</summary>
    /// <exception cref="CniException">A key is not one of net, or comes twice; a value is no text.</exception>
    public static IReadOnlyList<WantedSysctl> Read(ConfigNode? args, ConfigNode? config, string ifName)
    {
        var wanted = new Dictionary<string, WantedSysctl>(StringComparer.Ordinal);
        foreach (var source in (ConfigNode?[])[config, args])
        {
            var own = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < source?.Names.Count; i++)
            {
                var setting = ReadOne(source.Value.Names[i], source.Value.Value.Values[i], ifName);
                // In both of its forms.
                if (!own.Add(setting.Name))
                    throw Wrong("duplicated sysctl keys are not allowed", $"{setting.Key} is in the config twice");
                wanted[setting.Name] = setting;
            }
        }

        return [.. wanted.Values];
    }

    private static WantedSysctl ReadOne(string key, JsonValue value, string ifName)
    {
        if (value.Kind != JsonValueKind.String)
            throw new CniException(CniErrorCode.DecodingFailure, $"sysctl {key} wants a text", "write its value in quotation marks");
        var name = PathOf(key);
        var place = name.IndexOf(Interface, StringComparison.Ordinal);
        // STATUS and people's `validate` name no interface.
        if (place >= 0 && ifName.Length > 0)
            name = string.Concat(name.AsSpan(0, place), ifName, name.AsSpan(place + Interface.Length));
        var parts = name.Split('/');
        if (parts.Length < 3 || parts[0] != "net" || parts.Any(static part => part is "" or "." or "..") || name.Contains('\0'))
            throw Wrong($"invalid net sysctl key: \"{name}\"", "tuning sets what belongs to the container's network namespace: net.…");
        return new WantedSysctl(key, name, value.Text);
    }

    // As sysctl(8) has it: the first of the two characters separates, and the other one is the interface name's dot, as in
    // net.ipv4.conf.eth0/100.rp_filter and net/ipv4/conf/eth0.100/rp_filter.
    private static string PathOf(string key) =>
        key.AsSpan().IndexOfAny('.', '/') is >= 0 and var first && key[first] == '.' ? Sysctl.Dotted(key) : key;

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}

/// <summary>A kernel setting.</summary>
/// <param name="Key">As the config has it.</param>
/// <param name="Name">Its path below /proc/sys, such as <c>net/ipv4/conf/eth0/arp_filter</c>.</param>
/// <param name="Value">The wanted value.</param>
internal sealed record WantedSysctl(string Key, string Name, string Value)
{
    /// <summary>True where the kernel's text says the same: it divides numbers by tabs, people by blanks.</summary>
    public bool Equals(string present) => Words(present).SequenceEqual(Words(Value), StringComparer.Ordinal);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
