using System.Security.Cryptography;
using Plugboard.Documents;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Policy;

/// <summary>One file of objects: what was read of it last, and its last valid content.</summary>
/// <param name="path">The file.</param>
/// <param name="read">Reads its bytes; throws <see cref="DocumentException"/>.</param>
/// <param name="hasLost">True if the second content lacks an object of the first.</param>
/// <param name="clock">The clock.</param>
internal sealed class PolicyFile<T>(string path, Func<ReadOnlyMemory<byte>, T> read, Func<T, T, bool> hasLost, TimeProvider clock)
    where T : class
{
    /// <summary>
    /// The limit of its bytes; 100,000 pods as the API serves them have twice as many, and only a tenth of it matters here.
    /// </summary>
    public const int MostBytes = 256 * 1024 * 1024;

    /// <summary>A program that writes a file in place has written only a part of it for a moment.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    // A file from which much is made that is not kept.
    private const int Large = 1024 * 1024;

    private long validAt;
    private FileStatus? status;
    private byte[]? seen;
    private (T Content, long Since)? waiting;

    /// <summary>The last valid content; null: there never was one.</summary>
    public T? Current { get; private set; }

    /// <summary>Why the file's content is not in force, a sentence; null: it is.</summary>
    public string? Failure { get; private set; }

    /// <summary>
    /// The moment of which the content in force is: now, unless it could not be read since; null: there never was one. By
    /// <see cref="TimeProvider.GetTimestamp"/>; for any thread.
    /// </summary>
    public long? ValidAt =>
        Current is null ? null
        : Failure is null ? clock.GetTimestamp()
        : Volatile.Read(ref validAt);

    /// <summary>True while a content with fewer objects waits for whether it stays.</summary>
    public bool IsWaiting => waiting is not null;

    /// <summary>True if a large file was read since this was last set to false.</summary>
    public bool WasLarge { get; set; }

    /// <summary>Reads it if it may have changed.</summary>
    /// <param name="isForced">Read it although its time and size are those of the last reading.</param>
    public void Refresh(bool isForced)
    {
        try
        {
            var now = FileDescriptor.FindStatus(path);
            if (isForced || now != status || Current is null)
                Read(now);
            status = now;
            TakeWaiting();
            if (Failure is null)
                Volatile.Write(ref validAt, clock.GetTimestamp());
        }
        catch (DocumentException e)
        {
            (waiting, Failure) = (null, e.In(path));
        }
        catch (ErrnoException e)
        {
            (waiting, seen, status, Failure) = (null, null, null, e.Message);
        }
    }

    private void Read(FileStatus? now)
    {
        if (now is not { } found)
            throw Unreadable("no such file");
        if (found.Size > MostBytes)
            throw Unreadable($"it has {found.Size} bytes, more than {MostBytes}");
        using var file = FileDescriptor.FindForReading(path) ?? throw Unreadable("no such file");
        var buffer = new byte[found.Size + 1];
        var bytes = buffer.AsMemory(0, file.ReadAt(buffer, 0));
        var hash = SHA256.HashData(bytes.Span);
        WasLarge |= bytes.Length >= Large;
        if (seen is not null && hash.AsSpan().SequenceEqual(seen))
            return;
        seen = hash;
        var content = read(bytes);
        Failure = null;
        if (Current is { } before && hasLost(before, content))
            waiting = (content, clock.GetTimestamp());
        else
            (Current, waiting) = (content, null);
    }

    private void TakeWaiting()
    {
        if (waiting is { } next && clock.GetElapsedTime(next.Since) >= Settling)
            (Current, waiting) = (next.Content, null);
    }

    private DocumentException Unreadable(string why)
    {
        seen = null;
        return new DocumentException(0, why);
    }
}
