using Plugboard.Addresses;

namespace Plugboard.Coordinator.Configuration;

/// <summary>
/// The networks of one family that nodes are given: <see cref="First"/>, and every further one of <see cref="Length"/> up to
/// <see cref="Last"/>. Pure.
/// </summary>
/// <param name="Network">What they lie in.</param>
/// <param name="Length">The length of each.</param>
/// <param name="First">The first one's address.</param>
/// <param name="Last">The last one's address.</param>
internal sealed record SubnetChoice(IPPrefix Network, int Length, IPAddr First, IPAddr Last)
{
    /// <summary>By flannel's rules, in flannel's words where they fail.</summary>
    /// <exception cref="FormatException">The network has no place for them.</exception>
    public static SubnetChoice Of(NetConf conf, bool is6) =>
        FindFault(conf, is6) is { } fault
            ? throw new FormatException(fault)
            : Make(conf.NetworkOf(is6)!.Value, is6 ? conf.IPv6Subnets : conf.Subnets);

    /// <summary>Why a family that is in use has no choice, a sentence; null: each has.</summary>
    public static string? FindFault(NetConf conf) =>
        (conf.EnableIPv4 ? FindFault(conf, is6: false) : null) ?? (conf.EnableIPv6 ? FindFault(conf, is6: true) : null);

    /// <summary>Why there is no choice, a sentence; null: there is.</summary>
    public static string? FindFault(NetConf conf, bool is6)
    {
        var family = is6 ? "IPv6" : "";
        if (conf.NetworkOf(is6) is not { } network)
            return $"please define a correct {family}Network parameter in the flannel config";
        var range = is6 ? conf.IPv6Subnets : conf.Subnets;
        var (mostLength, leastSize) = is6 ? (126, 124) : (30, 28);
        if (range.Length > mostLength)
            return $"{family}SubnetLen must be less than /{mostLength + 1}";
        // The first one is left out: two would leave one.
        if (range.Length > 0 && range.Length < network.Length + 2)
            return $"{family}Network must be able to accommodate at least four subnets";
        if (range.Length == 0 && network.Length > leastSize)
            return $"{family}Network is too small. Minimum useful network prefix is /{leastSize}";
        return FindFault(Make(network, range), family);
    }

    private static string? FindFault(SubnetChoice choice, string family)
    {
        if (!choice.First.IsGlobalUnicast || !choice.Last.IsGlobalUnicast)
            return $"{family}Network {choice.Network} has loopback, link-local or multicast addresses, which pods cannot have";
        if (!choice.Network.Contains(choice.First))
            return $"{family}SubnetMin is not in the range of the {family}Network";
        if (!choice.Network.Contains(choice.Last))
            return $"{family}SubnetMax is not in the range of the {family}Network";
        if (choice.First.Masked(choice.Length) != choice.First)
            return $"{family}SubnetMin is not on a SubnetLen boundary: {choice.First}";
        if (choice.Last.Masked(choice.Length) != choice.Last)
            return $"{family}SubnetMax is not on a SubnetLen boundary: {choice.Last}";
        return choice.First > choice.Last ? $"{family}SubnetMin {choice.First} is after {family}SubnetMax {choice.Last}" : null;
    }

    private static SubnetChoice Make(IPPrefix network, SubnetRange range)
    {
        var usual = network.Is6 ? 64 : 24;
        var length =
            range.Length > 0 ? range.Length
            : network.Length <= usual - 2 ? usual
            : network.Length + 2;
        var second = Next(network.Address, length);
        return new SubnetChoice(network, length, range.Min ?? second, range.Max ?? network.Last.Masked(length));
    }

    /// <summary>Whether a node may have this network: it has the length and lies in the range.</summary>
    public bool Allows(IPPrefix subnet) =>
        subnet.Is6 == Network.Is6 && subnet.Length == Length && subnet.IsNetwork && subnet.Address >= First && subnet.Address <= Last;

    private static IPAddr Next(IPAddr address, int length)
    {
        var size = UInt128.One << (address.BitLength - length);
        return address.Is6 ? IPAddr.V6(address.Value + size) : IPAddr.V4((uint)(address.Value + size));
    }
}
