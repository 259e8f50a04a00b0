using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Compiling;

namespace Plugboard.Coordinator.Policy.Flows;

/// <summary>
/// The addresses of which a connection may be judged otherwise since the last comparison. A chain and a set of ports or blocks never change
/// (their names are their content), so what changes is to which chain an address leads, or in which sets it is. Pure.
/// </summary>
internal sealed class TouchedAddresses
{
    // More than these are not asked for one by one: the kernel looks at each flow of the node for each of them, twice.
    private const int MostQuestions = 4;

    private readonly HashSet<IPAddr> addresses = [];

    /// <summary>All connections may be judged otherwise.</summary>
    public bool IsAll { get; private set; } = true;

    /// <summary>Any connection may be judged otherwise.</summary>
    public void TouchAll() => IsAll = true;

    /// <summary>Adds those of a change.</summary>
    public void Touch(PolicyDelta delta)
    {
        foreach (var (set, elements) in delta.Elements)
        {
            switch (set.Kind)
            {
                case PolicySetKind.Peers or PolicySetKind.NamedPorts or PolicySetKind.Profiles or PolicySetKind.Pairs:
                    addresses.UnionWith(elements.Select(static change => change.Element.Address));
                    break;
                // A set that came is asked by chains that came, to which other addresses lead now.
                case var _ when !delta.NewSets.Contains(set):
                    IsAll = true;
                    break;
            }
        }
    }

    /// <summary>Nothing is touched any more.</summary>
    public void Clear()
    {
        IsAll = false;
        addresses.Clear();
    }

    /// <summary>True if no connection of a family may be judged otherwise.</summary>
    public bool HasNone(bool is6) => !IsAll && !addresses.Any(address => address.Is6 == is6);

    /// <summary>True if a connection between both may be judged otherwise.</summary>
    public bool Concerns(IPAddr source, IPAddr destination) => IsAll || addresses.Contains(source) || addresses.Contains(destination);

    /// <summary>The addresses that the kernel can be asked for, each by itself; null: every flow must be looked at.</summary>
    /// <param name="is6">IPv6, else IPv4.</param>
    public IReadOnlyList<IPAddr>? FindQuestions(bool is6)
    {
        // The kernel does not find flows by IPv6 addresses.
        if (IsAll || is6)
            return null;
        var own = addresses.Where(static address => !address.Is6).Take(MostQuestions + 1).ToList();
        return own.Count <= MostQuestions ? own : null;
    }
}
