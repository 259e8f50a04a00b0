using Plugboard.Addresses;

namespace Plugboard.Firewall.Conditions;

/// <summary>A condition that is not understood.</summary>
/// <param name="word">The first word of it that is not.</param>
/// <param name="message">What is wrong.</param>
public sealed class ConditionException(string word, string message) : Exception(Excerpt.OfMessage(message))
{
    /// <summary>The word.</summary>
    public string Word { get; } = word;
}
