using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Hosting;

/// <summary>The log of a one-shot process. A log that cannot be written must not change what the process does, so failures are dropped.</summary>
public static class StandardError
{
    /// <summary>Writes a line.</summary>
    public static void WriteLine(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Writes bytes as they are.</summary>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        using var file = FileDescriptor.StandardError();
        try
        {
            file.Write(bytes);
        }
        catch (ErrnoException)
        {
            // Closed or full: there is nowhere left to say so.
        }
    }
}
