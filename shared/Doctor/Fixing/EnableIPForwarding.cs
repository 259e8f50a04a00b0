using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Doctor.Fixing;

/// <summary>Switches IP forwarding on until the next boot, and keeps the routes that IPv6 routers told the node.</summary>
/// <param name="is6">IPv6, else IPv4.</param>
internal sealed class EnableIPForwarding(bool is6) : Fix($"set {Sysctl.Dotted(IPForwarding.SettingOf(is6))} to 1 until the next boot")
{
    private readonly Stack<SysctlChange> had = new();

    /// <inheritdoc/>
    public override bool Apply()
    {
        var plan = Node.Route(client => new IPForwarding(client).Plan(is6));
        foreach (var change in plan)
        {
            if (Sysctl.Ensure(change.Name, change.Value) is { } before && before != change.Value)
                had.Push(change with { Value = before });
        }

        return had.Count > 0;
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        while (had.TryPop(out var before))
            Sysctl.TryWrite(before.Name, before.Value);
    }
}
