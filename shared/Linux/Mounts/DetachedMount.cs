using System.Runtime.InteropServices;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// A mount that no path leads to yet: configured out of sight, then moved to its place in one step. Where it is disposed or its process
/// dies before that, nothing is left of it. Source: open_tree(2), fsmount(2), move_mount(2).
/// </summary>
public sealed unsafe class DetachedMount : IDisposable
{
    private readonly FileDescriptor root;

    internal DetachedMount(FileDescriptor root) => this.root = root;

    /// <summary>The mount's top directory.</summary>
    public FileDescriptor Root => root;

    /// <summary>
    /// Makes a filesystem, or finds the one that is there, and a mount of it. May wait for a server as long as its parameters say.
    /// </summary>
    /// <exception cref="MountException">The filesystem refused it.</exception>
    /// <exception cref="ErrnoException">ENODEV: the kernel has no such filesystem. ENOSYS: Linux before 5.2.</exception>
    public static DetachedMount Create(FilesystemMount what)
    {
        using var context = FilesystemContext.Open(what.Type);
        context.Set(new MountParameter("source", what.Source));
        if (what.Attributes.HasFlag(MountAttributes.ReadOnly))
            context.Set(new MountParameter("ro", null));
        foreach (var parameter in what.Parameters)
            context.Set(parameter);
        context.Create();
        return context.Mount(what.Attributes);
    }

    /// <summary>A second mount of the directory that <paramref name="source"/> is: what a bind mount is before it has a place.</summary>
    /// <exception cref="ErrnoException">ENOSYS: Linux before 5.2. EINVAL: not in this mount namespace.</exception>
    public static DetachedMount Clone(FileDescriptor source, bool recursive = false)
    {
        var flags = Mount.OPEN_TREE_CLONE | Mount.OPEN_TREE_CLOEXEC | (uint)AT_EMPTY_PATH;
        var fd = Mount.OpenTree(source.Number, "", flags | (recursive ? Mount.AT_RECURSIVE : 0));
        return fd < 0 ? throw ErrnoException.Last("open_tree", source.Path) : new DetachedMount(new FileDescriptor(fd, source.Path));
    }

    /// <summary>
    /// A second mount, of one directory of this one: it gives access to nothing else of the filesystem. Before Linux 6.15 only an attached
    /// mount can be cloned; this one is then attached at a hidden place, and cannot be moved after that.
    /// </summary>
    /// <param name="inside">The directory, opened by way of <see cref="Root"/>.</param>
    public DetachedMount Part(FileDescriptor inside)
    {
        try
        {
            return Clone(inside);
        }
        catch (ErrnoException e) when (e.Errno == Errno.EINVAL)
        {
            return PartOfPlaced(inside);
        }
    }

    internal DetachedMount PartOfPlaced(FileDescriptor inside) =>
        PrivateMounts.Run(() =>
        {
            using var top = FileDescriptor.OpenPath("/");
            MoveTo(top);
            return Clone(inside);
        });

    /// <summary>Sets attributes; the other attributes stay.</summary>
    /// <param name="attributes">What to set.</param>
    /// <param name="recursive">Whether the mounts below get them too.</param>
    /// <exception cref="ErrnoException">ENOSYS: Linux before 5.12.</exception>
    public void SetAttributes(MountAttributes attributes, bool recursive = false)
    {
        if (attributes != MountAttributes.None)
            SetAttributes(root.Number, (uint)AT_EMPTY_PATH | (recursive ? Mount.AT_RECURSIVE : 0), attributes, root.Path);
    }

    internal static void SetAttributes(int directory, uint flags, MountAttributes attributes, string subject)
    {
        var change = new Mount.MountAttr { attr_set = (ulong)attributes };
        if ((attributes & (MountAttributes.NoAtime | MountAttributes.StrictAtime)) != 0)
            change.attr_clr = Mount.MOUNT_ATTR__ATIME;
        if (Mount.MountSetAttr(directory, "", flags, &change, (nuint)sizeof(Mount.MountAttr)) < 0)
            throw ErrnoException.Last("mount_setattr", subject);
    }

    /// <summary>Gives the mount its place.</summary>
    /// <param name="target">A directory; what it holds is hidden by the mount.</param>
    public void MoveTo(FileDescriptor target)
    {
        const uint Flags = Mount.MOVE_MOUNT_F_EMPTY_PATH | Mount.MOVE_MOUNT_T_EMPTY_PATH;
        if (Mount.MoveMount(root.Number, "", target.Number, "", Flags) < 0)
            throw new ErrnoException("move_mount", target.Path, (Errno)Marshal.GetLastPInvokeError());
    }

    /// <summary>Closes the descriptor. A mount that was moved stays; one that was not is gone.</summary>
    public void Dispose() => root.Dispose();
}
