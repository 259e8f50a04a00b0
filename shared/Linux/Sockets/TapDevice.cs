using System.Globalization;
using System.Text;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// A tap device that stays until it is removed: a link whose frames a program reads and writes. It has no packet information in front of
/// frames (IFF_NO_PI). Source: Documentation/networking/tuntap.rst; include/uapi/linux/if_tun.h.
/// </summary>
/// <param name="Name">1 to 15 bytes.</param>
public sealed record TapDevice(string Name)
{
    /// <summary>The device by which the kernel makes them.</summary>
    public const string ControlPath = "/dev/net/tun";

    private const int RequestSize = 40;
    private const int MaxNameBytes = 15;

    /// <summary>Several programs, or threads, may have it open, each with a queue of its own (Linux 3.8).</summary>
    public bool IsMultiQueue { get; init; }

    /// <summary>The user who may open it without CAP_NET_ADMIN; null: none.</summary>
    public uint? Owner { get; init; }

    /// <summary>The group whose members may open it without CAP_NET_ADMIN; null: none.</summary>
    public uint? Group { get; init; }

    /// <summary>Makes it in the calling thread's network namespace.</summary>
    /// <exception cref="ErrnoException">EBUSY or EINVAL: a link has the name; ENOENT, ENODEV, ENXIO: the kernel has no tap
    /// devices.</exception>
    public unsafe void Create()
    {
        using var control = FileDescriptor.Open(null, ControlPath, O_RDWR, 0);
        // struct ifreq: the name, then the flags.
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        if (Encoding.UTF8.GetByteCount(Name) > MaxNameBytes)
            throw new ErrnoException("TUNSETIFF", Name, Errno.EINVAL);
        Encoding.UTF8.GetBytes(Name, request);
        var flags = Tun.IFF_TAP | Tun.IFF_NO_PI | Tun.IFF_TUN_EXCL | (IsMultiQueue ? Tun.IFF_MULTI_QUEUE : 0);
        BitConverter.TryWriteBytes(request[(MaxNameBytes + 1)..], (ushort)flags);
        fixed (byte* pointer = request)
        {
            if (Tun.Ioctl(control.Number, Tun.TUNSETIFF, pointer) < 0)
                throw ErrnoException.Last("TUNSETIFF", Name);
        }

        if (Owner is { } owner)
            Set(control, Tun.TUNSETOWNER, nameof(Tun.TUNSETOWNER), owner);
        if (Group is { } group)
            Set(control, Tun.TUNSETGROUP, nameof(Tun.TUNSETGROUP), group);
        Set(control, Tun.TUNSETPERSIST, nameof(Tun.TUNSETPERSIST), 1);
    }

    /// <summary>Why none can be made here; null: they can.</summary>
    public static ErrnoException? FindRefusal()
    {
        using var control = FileDescriptor.TryOpen(null, ControlPath, O_RDWR, 0, out var errno);
        return control is null ? new ErrnoException("open", ControlPath, errno) : null;
    }

    private void Set(FileDescriptor control, nuint request, string call, uint value)
    {
        if (Tun.Ioctl(control.Number, request, (nuint)value) < 0)
            throw ErrnoException.Last(call, $"{Name} to {value.ToString(CultureInfo.InvariantCulture)}");
    }
}
