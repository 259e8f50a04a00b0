using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// A filesystem that is being configured: fsopen(2) and fspick(2), Linux 5.2. After a refused call the kernel's own lines are read from the
/// descriptor and go into the <see cref="MountException"/>.
/// </summary>
internal sealed class FilesystemContext : IDisposable
{
    private readonly FileDescriptor file;
    private readonly string subject;

    private FilesystemContext(FileDescriptor file, string subject)
    {
        this.file = file;
        this.subject = subject;
    }

    public static FilesystemContext Open(string type)
    {
        var fd = LibC.Mount.FsOpen(type, LibC.Mount.FSOPEN_CLOEXEC);
        return fd < 0 ? throw ErrnoException.Last("fsopen", type) : new FilesystemContext(new FileDescriptor(fd, type), type);
    }

    /// <summary>The filesystem that is mounted at a path, for a reconfiguration.</summary>
    public static FilesystemContext Pick(string path)
    {
        const uint Flags = LibC.Mount.FSPICK_CLOEXEC | LibC.Mount.FSPICK_SYMLINK_NOFOLLOW | LibC.Mount.FSPICK_NO_AUTOMOUNT;
        var fd = LibC.Mount.FsPick(AT_FDCWD, path, Flags);
        return fd < 0 ? throw ErrnoException.Last("fspick", path) : new FilesystemContext(new FileDescriptor(fd, path), path);
    }

    public void Set(MountParameter parameter)
    {
        var command = parameter.Value is null ? LibC.Mount.FSCONFIG_SET_FLAG : LibC.Mount.FSCONFIG_SET_STRING;
        Config(command, parameter.Key, parameter.Value);
    }

    /// <summary>Makes the filesystem's superblock, or finds the one that is there: the step that may wait for a server.</summary>
    public void Create() => Config(LibC.Mount.FSCONFIG_CMD_CREATE, null, null);

    public void Reconfigure() => Config(LibC.Mount.FSCONFIG_CMD_RECONFIGURE, null, null);

    public DetachedMount Mount(MountAttributes attributes)
    {
        var fd = LibC.Mount.FsMount(file.Number, LibC.Mount.FSMOUNT_CLOEXEC, (uint)attributes);
        return fd < 0 ? throw Refused("fsmount", subject) : new DetachedMount(new FileDescriptor(fd, subject));
    }

    private void Config(uint command, string? key, string? value)
    {
        int result;
        do result = LibC.Mount.FsConfig(file.Number, command, key, value, 0);
        while (result < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
        if (result < 0)
            throw Refused("fsconfig", key is null ? subject : $"{subject} {key}");
    }

    private MountException Refused(string call, string what)
    {
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return new MountException(call, what, errno, Messages());
    }

    // Each read(2) gives one line: "e tmpfs: Bad value for 'size'"; e, w or i for error, warning, information. ENODATA: no more.
    private string Messages()
    {
        var text = new StringBuilder();
        Span<byte> buffer = stackalloc byte[1024];
        for (var i = 0; i < 16; i++)
        {
            int count;
            try
            {
                count = file.Read(buffer);
            }
            catch (ErrnoException e) when (e.Errno is Errno.ENODATA or Errno.EMSGSIZE)
            {
                break;
            }

            var line = Encoding.UTF8.GetString(buffer[..count]).TrimEnd('\n');
            line = line.Length > 2 && line[1] == ' ' ? line[2..] : line;
            text.Append(text.Length == 0 || line.Length == 0 ? "" : "; ").Append(line);
        }

        return text.ToString();
    }

    public void Dispose() => file.Dispose();
}
