using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Dhcp.Wire;

/// <summary>What a server says in words, for a message and a log. Pure.</summary>
internal static class ServerText
{
    private const int LongestText = 200;

    /// <summary>The text as one line: a server's line end would begin another line of the log, and an escape changes a terminal.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes).ToCharArray();
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                text[i] = ' ';
        }

        return Excerpt.OfMessage(new string(text).Trim(), LongestText);
    }
}
