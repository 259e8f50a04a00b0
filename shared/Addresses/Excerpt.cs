using System.Globalization;

namespace Plugboard.Addresses;

/// <summary>
/// A text that came from outside, short enough for a message: an error that repeats a megabyte of input hides what it says.
/// </summary>
public static class Excerpt
{
    /// <summary>The longest value that a message repeats whole: longer than every path, name, address and version.</summary>
    public const int UsualLength = 256;

    /// <summary>The text, or its beginning and how long it is.</summary>
    public static string Of(string text, int longest = UsualLength) =>
        text.Length <= longest ? text : $"{Head(text, longest)}… ({text.Length.ToString(CultureInfo.InvariantCulture)} characters)";

    /// <summary>
    /// A whole message, or its beginning and its end, where the reason stands. What was cut once is short enough the next time.
    /// </summary>
    public static string OfMessage(string message, int longest = 4096)
    {
        const int RoomForWords = 64;
        if (message.Length <= longest)
            return message;
        var half = (longest - RoomForWords) / 2;
        var tail = message.Length - half;
        if (char.IsLowSurrogate(message[tail]))
            tail++;
        return $"{Head(message, half)} … ({message.Length.ToString(CultureInfo.InvariantCulture)} characters) … {message[tail..]}";
    }

    // Half of a pair of surrogates is no character.
    private static string Head(string text, int length) => text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
