using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined;

/// <summary>A tap device, with a bridge of the container perhaps.</summary>
internal sealed record TapLink : ChildLink
{
    /// <summary>What the kernel calls the driver of tap devices.</summary>
    public const string LinkKind = "tun";

    // Arguments of this executable, for the process with the SELinux context.
    private const string MakeDevice = "make-tap-device";

    /// <summary>The programs that open it have a queue each.</summary>
    public bool IsMultiQueue { get; init; }

    /// <summary>Its hardware address; null: a random one.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The user who may open it; null: root alone.</summary>
    public uint? Owner { get; init; }

    /// <summary>The group that may open it; null: none.</summary>
    public uint? Group { get; init; }

    /// <summary>The context of the process that makes it, by which SELinux decides who may open it; empty: the runtime's.</summary>
    public string SELinuxContext { get; init; } = "";

    /// <summary>The bridge in the container whose port it becomes; empty: none.</summary>
    public string Bridge { get; init; } = "";

    /// <inheritdoc/>
    public override string Kind => LinkKind;

    /// <inheritdoc/>
    public override bool HasMaster => false;

    /// <inheritdoc/>
    public override bool NeedsAddresses => false;

    // It has a carrier only when a program has it open.
    /// <inheritdoc/>
    public override bool HasNeighbours => false;

    /// <inheritdoc/>
    public override LinkSpec ToSpec(string name, int master) =>
        throw new InvalidOperationException("a tap device is not made over netlink");

    /// <inheritdoc/>
    public override void Create(RouteClient from, string name, int master, NetworkNamespace pod)
    {
        var bridge = Bridge.Length == 0 ? 0 : FindBridge(from).Index;
        // Of an ADD for this attachment that was killed here.
        from.Links.Delete(name);
        var device = new TapDevice(name)
        {
            IsMultiQueue = IsMultiQueue,
            Owner = Owner,
            Group = Group,
        };
        using (pod.Enter())
            Create(device);
        from.Links.Set(
            name,
            new LinkChange
            {
                Address = Mac,
                Mtu = Mtu == 0 ? null : Mtu,
                Master = bridge == 0 ? null : bridge,
            }
        );
    }

    private Link FindBridge(RouteClient inside)
    {
        var bridge =
            inside.Links.Find(Bridge)
            ?? throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to get bridge {Bridge}: Link not found",
                "bridge names one in the container's namespace, not the node's: another plugin makes it before"
            );
        return bridge.Kind == "bridge"
            ? bridge
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"{Bridge} is not a bridge",
                $"the container's interface {Bridge} is of the kind {(bridge.Kind.Length > 0 ? bridge.Kind : "hardware")}"
            );
    }

    private void Create(TapDevice device)
    {
        try
        {
            if (SELinuxContext.Length > 0 && SecurityContext.IsSELinuxOn)
                CreateByAnother(device);
            else
                device.Create();
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENXIO or Errno.EACCES or Errno.EPERM)
        {
            throw new CniException(
                CniErrorCode.UnsupportedField,
                $"tap devices cannot be made: {e.Message}",
                "load the module tun, and give the runtime the device /dev/net/tun",
                e
            );
        }
    }

    // A device has the label of the process that makes it, and a process gets another one only with its executable.
    private void CreateByAnother(TapDevice device)
    {
        SecurityContext.SetForNextExecutable(SELinuxContext);
        var result = new Command("/proc/self/exe") { Arguments = ToArguments(device) }.Run();
        if (!result.Succeeded)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"no tap device with the SELinux context {SELinuxContext}: {result.ErrorText.Trim()}",
                "SELinux refuses the context, or what a process with it may do: see ausearch -m avc"
            );
        }
    }

    private static string[] ToArguments(TapDevice device) =>
        [MakeDevice, device.Name, device.IsMultiQueue ? "1" : "0", Text(device.Owner), Text(device.Group)];

    private static string Text(uint? id) => id?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>
    /// Makes the device that a process of this executable with another context was asked for; null: it was asked for else.
    /// </summary>
    /// <returns>The exit code.</returns>
    public static int? TryRun(string[] arguments)
    {
        if (arguments is not [MakeDevice, var name, var queues, var owner, var group])
            return null;
        try
        {
            new TapDevice(name)
            {
                IsMultiQueue = queues == "1",
                Owner = Parse(owner),
                Group = Parse(group),
            }.Create();
            return 0;
        }
        catch (ErrnoException e)
        {
            StandardError.WriteLine(e.Message);
            return 1;
        }
    }

    private static uint? Parse(string text) => text.Length == 0 ? null : uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
