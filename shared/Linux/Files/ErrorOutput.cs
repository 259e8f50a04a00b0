using System.Text;

namespace Plugboard.Linux.Files;

/// <summary>Standard error, without the buffers and encoders of a console.</summary>
public static unsafe class ErrorOutput
{
    private const int STDERR_FILENO = 2;

    /// <summary>Writes the text and a line end in one write(2); a log that nobody reads any more is no failure.</summary>
    public static void WriteLine(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        fixed (byte* p = bytes)
            LibC.File.Write(STDERR_FILENO, p, (nuint)bytes.Length);
    }
}
