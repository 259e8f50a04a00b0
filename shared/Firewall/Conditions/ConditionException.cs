using Plugboard.Addresses;

namespace Plugboard.Firewall.Conditions;

/// <summary>A condition that cannot be parsed.</summary>
/// <param name="word">Its first invalid word.</param>
/// <param name="message">The reason.</param>
public sealed class ConditionException(string word, string message) : Exception(Excerpt.OfMessage(message))
{
    /// <summary>The word.</summary>
    public string Word { get; } = word;
}
