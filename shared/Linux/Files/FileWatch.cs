using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// Waits for names in directories to come, go, or be written and closed: inotify(7). An event is a reason to look; its content is not
/// trusted.
/// </summary>
public sealed unsafe class FileWatch : IDisposable
{
    internal const uint Events =
        INotify.IN_ATTRIB
        | INotify.IN_CLOSE_WRITE
        | INotify.IN_MOVED_FROM
        | INotify.IN_MOVED_TO
        | INotify.IN_CREATE
        | INotify.IN_DELETE
        | INotify.IN_DELETE_SELF
        | INotify.IN_MOVE_SELF
        | INotify.IN_ONLYDIR;
    private const int HeaderSize = 16;

    private readonly FileDescriptor descriptor;

    private FileWatch(FileDescriptor descriptor) => this.descriptor = descriptor;

    /// <summary>What to poll(2): readable when there is something to read.</summary>
    public FileDescriptor Descriptor => descriptor;

    /// <summary>Watches nothing yet.</summary>
    public static FileWatch Open()
    {
        var fd = INotify.Init(INotify.IN_CLOEXEC | INotify.IN_NONBLOCK);
        return fd >= 0 ? new FileWatch(new FileDescriptor(fd, "inotify")) : throw ErrnoException.Last("inotify_init1", "a watch");
    }

    /// <summary>Watches a directory's names too. One that is watched already stays watched once.</summary>
    /// <exception cref="ErrnoException">ENOSPC: the user has as many watches as fs.inotify.max_user_watches.</exception>
    public void Add(FileDirectory directory)
    {
        if (INotify.AddWatch(descriptor.Number, directory.SelfPath("."), Events) < 0)
            throw ErrnoException.Last("inotify_add_watch", directory.Path);
    }

    /// <summary>Watches a directory by its path: its watch's number, or null if it cannot be.</summary>
    internal int? TryAdd(string directory, uint events) =>
        INotify.AddWatch(descriptor.Number, directory, events) is >= 0 and var watch ? watch : null;

    /// <summary>Removes a watch. The watch of a removed directory is gone already (EINVAL).</summary>
    internal void Remove(int watch) => _ = INotify.RemoveWatch(descriptor.Number, watch);

    /// <summary>
    /// The names that events were about since the last time; empty text for a directory itself, or where events were lost. Does not wait.
    /// </summary>
    public IReadOnlyList<string> Read() => [.. ReadEvents().Select(static each => each.Name)];

    /// <summary>As <see cref="Read"/>, with what was done.</summary>
    internal IReadOnlyList<FileEvent> ReadEvents()
    {
        var found = new List<FileEvent>();
        var buffer = new byte[16 * 1024];
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var length = (int)read(descriptor.Number, p, buffer.Length);
                if (length > 0)
                    Parse(buffer.AsSpan(0, length), found);
                else if ((Errno)Marshal.GetLastPInvokeError() == Errno.EAGAIN)
                    return found;
                else if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
                    throw ErrnoException.Last("read", "inotify");
            }
        }
    }

    // struct inotify_event: wd, mask, cookie, len, then the name, filled up with NULs.
    internal static void Parse(ReadOnlySpan<byte> events, List<FileEvent> found)
    {
        while (events.Length >= HeaderSize)
        {
            var length = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(events[12..]), (uint)(events.Length - HeaderSize));
            var name = events.Slice(HeaderSize, length);
            var text = Encoding.UTF8.GetString(name[..(name.IndexOf((byte)0) is >= 0 and var end ? end : length)]);
            found.Add(new FileEvent(text, BinaryPrimitives.ReadUInt32LittleEndian(events[4..])));
            events = events[(HeaderSize + length)..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}

/// <summary>What happened to a name.</summary>
/// <param name="Name">The name; empty: the directory itself, or events were lost.</param>
/// <param name="Mask">The bits <c>IN_…</c>.</param>
internal readonly record struct FileEvent(string Name, uint Mask);
