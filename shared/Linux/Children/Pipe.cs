using Plugboard.Linux.Files;

namespace Plugboard.Linux.Children;

/// <summary>pipe2(2) with CLOEXEC: two ends, each closed on its own.</summary>
internal sealed class Pipe : IDisposable
{
    private readonly FileDescriptor reader;
    private readonly FileDescriptor writer;

    private Pipe(int reader, int writer)
    {
        this.reader = new FileDescriptor(reader, "pipe");
        this.writer = new FileDescriptor(writer, "pipe");
    }

    public FileDescriptor Reader => reader;

    public FileDescriptor Writer => writer;

    public static unsafe Pipe Open()
    {
        var ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC) < 0 ? throw ErrnoException.Last("pipe2", "pipe") : new Pipe(ends[0], ends[1]);
    }

    public void CloseReader() => reader.Dispose();

    public void CloseWriter() => writer.Dispose();

    public void Dispose()
    {
        reader.Dispose();
        writer.Dispose();
    }
}
