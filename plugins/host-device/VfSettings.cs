using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.HostDevice;

/// <summary>
/// The changes of a virtual function that a config asks for, each with what undoes it, and those that restore it. One setting a request:
/// the kernel does not say which of several the driver refused. Pure.
/// </summary>
internal static class VfSettings
{
    /// <summary>The changes, in the order of the reference.</summary>
    /// <param name="config">What is wanted.</param>
    /// <param name="before">The function as it is.</param>
    public static IReadOnlyList<VfSetting> Plan(SriovConfig config, VirtualFunction before)
    {
        var number = Text(before.Number);
        var settings = new List<VfSetting>();
        if (config.Vlan is { } vlan)
        {
            settings.Add(
                new VfSetting(
                    $"vf {number} vlan configuration - id {Text(vlan.Id)}, qos {Text(vlan.Qos)} and proto {WordOf(vlan.Protocol)}",
                    "vlan, vlanQoS and vlanProto",
                    new VfChange(before.Number) { Vlan = vlan },
                    new VfChange(before.Number) { Vlan = before.Vlan }
                )
            );
        }

        if (config.Mac is { } mac)
        {
            settings.Add(
                new VfSetting(
                    $"vf {number} administrative MAC address to {mac}",
                    "mac",
                    new VfChange(before.Number) { Mac = mac },
                    new VfChange(before.Number) { Mac = before.Mac ?? default(MacAddress) }
                )
            );
        }

        if (config.Rates is { } rates)
        {
            settings.Add(
                new VfSetting(
                    $"vf {number} min_tx_rate to {Text(rates.Min)} Mbps: max_tx_rate to {Text(rates.Max)} Mbps",
                    "min_tx_rate and max_tx_rate",
                    new VfChange(before.Number) { Rates = rates },
                    new VfChange(before.Number) { Rates = (before.MinTxRate, before.MaxTxRate) }
                )
            );
        }

        if (config.SpoofCheck is { } check)
            settings.Add(Switch("spoofchk", check, before, static (vf, on) => vf with { SpoofCheck = on }, before.SpoofCheck));
        if (config.Trust is { } trust)
            settings.Add(Switch("trust", trust, before, static (vf, on) => vf with { Trust = on }, before.Trust));
        if (config.LinkState is { } state)
        {
            settings.Add(
                new VfSetting(
                    $"vf {number} link state to {WordOf(state)}",
                    "link_state",
                    new VfChange(before.Number) { LinkState = state },
                    before.LinkState is { } old ? new VfChange(before.Number) { LinkState = old } : null
                )
            );
        }

        return settings;
    }

    private static VfSetting Switch(string key, bool wanted, VirtualFunction before, Func<VfChange, bool, VfChange> set, bool? old) =>
        new(
            $"vf {Text(before.Number)} {key} flag to {(wanted ? "on" : "off")}",
            key,
            set(new VfChange(before.Number), wanted),
            old is { } value ? set(new VfChange(before.Number), value) : null
        );

    /// <summary>What makes a function again what it was: of the settings of its config, and its address, those that differ.</summary>
    /// <param name="config">What was set.</param>
    /// <param name="before">As it was.</param>
    /// <param name="now">As it is.</param>
    public static IReadOnlyList<VfSetting> PlanRestoration(SriovConfig config, VirtualFunction before, VirtualFunction now)
    {
        // Its address always: a container may have none of its own, and the host's is still to be taken back.
        var all = Plan(config with { Mac = config.Mac ?? before.Mac ?? default(MacAddress) }, before with { Number = now.Number });
        return
        [
            .. all.Where(setting => setting.Undo is { } undo && !IsAs(undo, now))
                .Select(static setting => setting with { Change = setting.Undo!, Undo = null }),
        ];
    }

    /// <summary>The first setting that is not as a config wants it; null if all are.</summary>
    public static VfSetting? FindDifference(SriovConfig config, VirtualFunction now) =>
        Plan(config, now).FirstOrDefault(setting => !IsAs(setting.Change, now));

    private static bool IsAs(VfChange change, VirtualFunction now) =>
        (change.Vlan is not { } vlan || vlan == now.Vlan || (vlan.Id == 0 && now.Vlan.Id == 0))
        && (change.Mac is not { } mac || mac == (now.Mac ?? default(MacAddress)))
        && (change.Rates is not { } rates || rates == (now.MinTxRate, now.MaxTxRate))
        && (change.SpoofCheck is not { } check || now.SpoofCheck is null || check == now.SpoofCheck)
        && (change.Trust is not { } trust || now.Trust is null || trust == now.Trust)
        && (change.LinkState is not { } state || now.LinkState is null || state == now.LinkState);

    /// <summary>A protocol as configs write it.</summary>
    public static string WordOf(VlanProtocol protocol) => protocol == VlanProtocol.Ieee8021AD ? "802.1ad" : "802.1q";

    private static string WordOf(VfLinkState state) => state.ToString().ToLowerInvariant();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A change of a virtual function.</summary>
/// <param name="What">What is set, for messages.</param>
/// <param name="Keys">The config's keys.</param>
/// <param name="Change">The request.</param>
/// <param name="Undo">What undoes it; null where the driver does not say how it was.</param>
internal sealed record VfSetting(string What, string Keys, VfChange Change, VfChange? Undo);
