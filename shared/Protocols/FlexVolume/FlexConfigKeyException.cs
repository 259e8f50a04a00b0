using System.Globalization;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>A key of a node config that means nothing: a rule that was meant to hold would not.</summary>
/// <param name="key">The key.</param>
/// <param name="line">Its line, from 1.</param>
public sealed class FlexConfigKeyException(string key, long line)
    : FlexException(
        string.Create(CultureInfo.InvariantCulture, $"line {line}: the node config has an unknown key \"{FlexJson.Shorten(key)}\"")
    )
{
    /// <summary>The key.</summary>
    public string Key { get; } = FlexJson.Shorten(key);
}
