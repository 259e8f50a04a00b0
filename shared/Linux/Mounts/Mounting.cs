using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// Mounts by whichever calls the kernel has: by descriptor (Linux 5.12), where nothing is ever visible half made, else mount(2). Once
/// ENOSYS was the answer nothing has been done yet, so the other way starts afresh.
/// </summary>
/// <param name="api">Which calls to use.</param>
public sealed class Mounting(MountApi api = MountApi.Any)
{
    private const MountAttributes ClassicOnly =
        MountAttributes.ReadOnly
        | MountAttributes.NoSuid
        | MountAttributes.NoDev
        | MountAttributes.NoExec
        | MountAttributes.NoAtime
        | MountAttributes.StrictAtime
        | MountAttributes.NoDirAtime
        | MountAttributes.NoSymFollow;

    /// <summary>Mounts a filesystem on a directory.</summary>
    /// <exception cref="MountException">The filesystem refused it; its own words are there unless mount(2) was used.</exception>
    /// <exception cref="ErrnoException">ENODEV: the kernel has no such filesystem.</exception>
    public void Filesystem(FilesystemMount what, FileDescriptor target)
    {
        if (
            !ByDescriptor(() =>
            {
                using var made = DetachedMount.Create(what);
                made.MoveTo(target);
            })
        )
            Classic(what.Source, target, what.Type, Flags(what.Attributes) | Flags(what.Parameters), Data(what.Parameters));
    }

    /// <summary>
    /// Mounts a filesystem out of sight, for one of its directories; null if the kernel does not have the calls (Linux 5.2).
    /// </summary>
    /// <exception cref="MountException">The filesystem refused it.</exception>
    public DetachedMount? FindDetached(FilesystemMount what)
    {
        DetachedMount? made = null;
        _ = ByDescriptor(() => made = DetachedMount.Create(what));
        return made;
    }

    /// <summary>Mounts a directory on another one.</summary>
    /// <param name="source">The directory to mount.</param>
    /// <param name="target">The mount point.</param>
    /// <param name="attributes">Attributes of the new mount, besides those of the mount of <paramref name="source"/>.</param>
    public void Bind(FileDescriptor source, FileDescriptor target, MountAttributes attributes)
    {
        if (
            !ByDescriptor(() =>
            {
                using var clone = DetachedMount.Clone(source);
                clone.SetAttributes(attributes);
                clone.MoveTo(target);
            })
        )
            ClassicBind(source, target, attributes);
    }

    /// <summary>
    /// Sets attributes of the mount at a path; its other attributes stay. <paramref name="present"/> are those, for mount(2), which sets
    /// all at once.
    /// </summary>
    public void SetAttributes(string target, MountAttributes attributes, MountAttributes present)
    {
        if (
            !ByDescriptor(() =>
            {
                using var top = FileDescriptor.OpenPath(target);
                DetachedMount.SetAttributes(top.Number, (uint)AT_EMPTY_PATH, attributes, target);
            })
        )
            Remount(target, present | attributes);
    }

    /// <summary>Changes parameters of a filesystem that is mounted, such as the size of a tmpfs.</summary>
    /// <param name="target">Where it is mounted.</param>
    /// <param name="parameters">What to change.</param>
    /// <param name="present">The mount's attributes, for mount(2), which sets them all at once.</param>
    public void Reconfigure(string target, IReadOnlyList<MountParameter> parameters, MountAttributes present)
    {
        if (
            !ByDescriptor(() =>
            {
                using var context = FilesystemContext.Pick(target);
                foreach (var parameter in parameters)
                    context.Set(parameter);
                context.Reconfigure();
            })
        )
            Must(LibC.Mount.Classic("none", target, null, MS_REMOUNT | Flags(present), Data(parameters)), target);
    }

    // False if the calls are not to be used, or the kernel has not got them.
    private bool ByDescriptor(Action work)
    {
        if (api == MountApi.Classic)
            return false;
        try
        {
            work();
            return true;
        }
        catch (ErrnoException e) when (e.Errno == Errno.ENOSYS && api == MountApi.Any)
        {
            return false;
        }
    }

    private static void ClassicBind(FileDescriptor source, FileDescriptor target, MountAttributes attributes)
    {
        Classic(ByNumber(source), target, null, MS_BIND, null);
        try
        {
            // MS_BIND takes no other flag: between the two calls the mount is writable.
            if (attributes != MountAttributes.None)
                Remount(target.Path, attributes);
        }
        catch (ErrnoException)
        {
            _ = LibC.Mount.Umount2(target.Path, UMOUNT_NOFOLLOW);
            throw;
        }
    }

    private static void Remount(string target, MountAttributes attributes) =>
        Must(LibC.Mount.Classic("none", target, null, MS_REMOUNT | MS_BIND | Flags(attributes), null), target);

    private static void Classic(string source, FileDescriptor target, string? type, ulong flags, string? data) =>
        Must(LibC.Mount.Classic(source, ByNumber(target), type, flags, data), target.Path);

    private static void Must(int result, string target)
    {
        if (result < 0)
            throw new MountException("mount", target, (Errno)Marshal.GetLastPInvokeError(), "");
    }

    private static string ByNumber(FileDescriptor file) => "/proc/self/fd/" + file.Number.ToString(CultureInfo.InvariantCulture);

    private static ulong Flags(MountAttributes attributes)
    {
        attributes &= ClassicOnly;
        // The first four have the same bits in both; access times have not.
        var flags = (ulong)attributes & 0xf;
        flags |= attributes.HasFlag(MountAttributes.NoAtime) ? MS_NOATIME : 0;
        flags |= attributes.HasFlag(MountAttributes.StrictAtime) ? MS_STRICTATIME : 0;
        flags |= attributes.HasFlag(MountAttributes.NoSymFollow) ? LibC.Mount.MS_NOSYMFOLLOW : 0;
        return flags | (attributes.HasFlag(MountAttributes.NoDirAtime) ? MS_NODIRATIME : 0);
    }

    // What fsconfig(2) takes as words of every filesystem, mount(2) takes as flags.
    private static ulong Flags(IReadOnlyList<MountParameter> parameters)
    {
        var flags = 0UL;
        foreach (var parameter in parameters)
            flags |= Flag(parameter);
        return flags;
    }

    private static ulong Flag(MountParameter parameter) =>
        parameter switch
        {
            { Key: "sync", Value: null } => MS_SYNCHRONOUS,
            { Key: "dirsync", Value: null } => MS_DIRSYNC,
            { Key: "lazytime", Value: null } => LibC.Mount.MS_LAZYTIME,
            _ => 0,
        };

    // mount(2) divides by commas. CIFS takes two for one; no other filesystem that we mount has commas in its values.
    private static string Data(IReadOnlyList<MountParameter> parameters)
    {
        var data = new StringBuilder();
        foreach (var parameter in parameters)
        {
            if (Flag(parameter) != 0)
                continue;
            data.Append(data.Length == 0 ? "" : ",").Append(parameter.Key);
            if (parameter.Value is { } value)
                data.Append('=').Append(value.Replace(",", ",,", StringComparison.Ordinal));
        }

        return data.ToString();
    }
}
