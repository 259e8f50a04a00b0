namespace Plugboard.Coordinator.Sources;

/// <summary>A password or a token: no message, log line or <c>ToString</c> of what holds it shows it.</summary>
/// <param name="Text">The text itself.</param>
internal sealed record HiddenText(string Text)
{
    /// <summary>Nothing of it.</summary>
    public override string ToString() => Text.Length == 0 ? "none" : "(hidden)";

    public static implicit operator HiddenText(string text) => new(text);
}
