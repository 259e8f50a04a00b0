using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Linux.Files;

/// <summary>
/// The log of a one-shot process, without the buffers and encoders of a console. One that cannot be written must not change what the
/// process does.
/// </summary>
public static unsafe class StandardError
{
    private const int STDERR_FILENO = 2;

    private const int LongestLine = 16 * 1024;

    /// <summary>Writes the text and a line end in one write(2); of one that repeats a whole input the beginning and the end.</summary>
    public static void WriteLine(string text) => Write(Encoding.UTF8.GetBytes(Excerpt.OfMessage(text, LongestLine) + "\n"));

    /// <summary>Writes bytes as they are, in one write(2).</summary>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
            write(STDERR_FILENO, p, bytes.Length);
    }
}
