using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>Files as a whole: compared, digested, copied, in pieces of a size that stays in the processor's cache.</summary>
internal static class FileContent
{
    private const int PieceSize = 128 * 1024;

    /// <summary>Reads bytes of a file from a place on, as many as there are; fewer than asked for only at its end.</summary>
    public delegate int Reader(Span<byte> piece, long offset);

    /// <summary>True if both hold the same bytes.</summary>
    public static bool Equal(Reader one, Reader other)
    {
        var (a, b) = (new byte[PieceSize], new byte[PieceSize]);
        for (long offset = 0; ; offset += PieceSize)
        {
            var (first, second) = (one(a, offset), other(b, offset));
            if (!a.AsSpan(0, first).SequenceEqual(b.AsSpan(0, second)))
                return false;
            if (first < PieceSize)
                return true;
        }
    }

    /// <summary>The digest of a file.</summary>
    public static string Digest(Reader file) => Read(file, null);

    /// <summary>Copies a file to the end of another and returns the digest.</summary>
    public static string Copy(Reader file, FileDescriptor to) => Read(file, to);

    private static string Read(Reader file, FileDescriptor? to)
    {
        var digest = new Sha256();
        var piece = new byte[PieceSize];
        for (long offset = 0; ; offset += PieceSize)
        {
            var read = piece.AsSpan(0, file(piece, offset));
            digest.Append(read);
            to?.Write(read);
            if (read.Length < PieceSize)
                return digest.Finish();
        }
    }
}
