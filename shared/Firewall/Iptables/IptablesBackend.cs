using Plugboard.Addresses;
using Plugboard.Firewall.Ports;
using Plugboard.Linux;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// Masquerade and host ports with iptables, both families, in the calling thread's network namespace. Each call starts at most two
/// processes for an affected family. The reference plugins find and remove its rules, and the other way round.
/// </summary>
/// <param name="options">Which tools.</param>
public sealed class IptablesBackend(IptablesOptions options)
{
    private static readonly bool[] Families = [false, true];

    /// <summary>Masquerades a pod's addresses; existing rules stay.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="addresses">The attachment's, of any family, with the length of their network.</param>
    /// <exception cref="IptablesException">See <see cref="IptablesClient.Change"/>.</exception>
    public void AddMasquerade(Attachment pod, IReadOnlyList<IPPrefix> addresses)
    {
        foreach (var family in addresses.GroupBy(address => address.Is6).OrderBy(family => family.Key))
            Client(family.Key).Change(table => MasqueradeRules.Add(table, pod, [.. family]));
    }

    /// <summary>Removes a pod's masquerade in both families; succeeds if absent.</summary>
    /// <param name="pod">The pod whose rules go.</param>
    /// <param name="only">The addresses of the ending attachment, used by no other attachment; null if unknown: then the rules of all its
    /// attachments to the network go.</param>
    /// <exception cref="IptablesException">Neither family can be read, or a change was refused or had no lock.</exception>
    /// <exception cref="AggregateException">Both errors, one for each family.</exception>
    public void DeleteMasquerade(Attachment pod, IReadOnlyList<IPPrefix>? only) =>
        Remove(table => MasqueradeRules.Delete(table, pod, only));

    /// <summary>What a pod's masquerade lacks, a sentence each; empty if everything is as it should be.</summary>
    /// <exception cref="IptablesException">The tables cannot be read.</exception>
    public IReadOnlyList<string> CheckMasquerade(Attachment pod, IReadOnlyList<IPPrefix> addresses) =>
        [
            .. addresses
                .GroupBy(address => address.Is6)
                .SelectMany(family => MasqueradeRules.Check(Client(family.Key).Read(), pod, [.. family])),
        ];

    /// <summary>Forwards host ports to a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="addresses">Its addresses, at most one of each family, with the length of their network; a family without one is left
    /// alone.</param>
    /// <param name="mappings">The ports, of both families; none: nothing is done.</param>
    /// <param name="how">Masquerade, marks, conditions.</param>
    /// <param name="isAlive">See <see cref="HostPortRules.Add"/>.</param>
    /// <exception cref="IptablesException">See <see cref="IptablesClient.Change"/>.</exception>
    public void ApplyHostPorts(
        Attachment pod,
        IReadOnlyList<IPPrefix> addresses,
        IReadOnlyList<PortMapping> mappings,
        HostPortOptions how,
        Func<string, bool?>? isAlive = null
    )
    {
        if (mappings.Count == 0)
            return;
        foreach (var address in addresses.OrderBy(address => address.Is6))
            Client(address.Is6).Change(table => HostPortRules.Add(table, new IptablesHostPorts(pod, address, mappings, how), isAlive));
    }

    /// <summary>Makes sure that the rules of <see cref="ApplyHostPorts"/> can be written at all, and does nothing.</summary>
    /// <exception cref="IptablesWordException">They cannot.</exception>
    public static void Validate(Attachment pod, IReadOnlyList<IPPrefix> addresses, IReadOnlyList<PortMapping> mappings, HostPortOptions how)
    {
        foreach (var address in mappings.Count == 0 ? [] : addresses)
            HostPortRules.Add(NatTable.Empty, new IptablesHostPorts(pod, address, mappings, how));
    }

    /// <summary>Removes a pod's host ports in both families, also the reference's leftovers; succeeds if absent.</summary>
    /// <param name="pod">The pod whose rules go.</param>
    /// <param name="only">The addresses of the ending attachment: if all ports lead to another attachment of the pod to the network, they
    /// stay. Null if unknown: all rules go.</param>
    /// <exception cref="IptablesException">Neither family can be read, or a change was refused or had no lock.</exception>
    /// <exception cref="AggregateException">Both of it: one for each family.</exception>
    public void WithdrawHostPorts(Attachment pod, IReadOnlyList<IPAddr>? only) =>
        Remove(table =>
            only is not null && HostPortRules.LeadElsewhere(table, pod, only) ? new RestoreScript() : HostPortRules.Delete(table, pod)
        );

    /// <summary>
    /// Missing and superfluous rules of a pod's host ports, a sentence each; empty if all is as <see cref="ApplyHostPorts"/> leaves it.
    /// </summary>
    /// <exception cref="IptablesException">The tables cannot be read.</exception>
    public IReadOnlyList<string> CheckHostPorts(
        Attachment pod,
        IReadOnlyList<IPPrefix> addresses,
        IReadOnlyList<PortMapping> mappings,
        HostPortOptions how
    )
    {
        var differences = new List<string>();
        if (mappings.Count == 0)
            return differences;
        foreach (var address in addresses.OrderBy(address => address.Is6))
        {
            var forwards = new IptablesHostPorts(pod, address, mappings, how);
            var client = Client(address.Is6);
            var table = client.Read();
            differences.AddRange(HostPortRules.Check(table, forwards));
            differences.AddRange(client.Missing(HostPortRules.Unclear(table, forwards)).Select(Iptables.Missing.Rule));
        }

        return differences;
    }

    // Where the kernel or the node has no IPv6 (or no IPv4) nothing of ours is in it; only where neither family can be read is it an error.
    private void Remove(Func<NatTable, RestoreScript> plan)
    {
        var failures = new Failures();
        var absent = new List<IptablesException>();
        foreach (var is6 in Families)
            failures.Try(() => Remove(is6, plan, absent));
        if (absent.Count == Families.Length)
            failures.Try(() => throw absent[0]);
        failures.ThrowIfAny();
    }

    private void Remove(bool is6, Func<NatTable, RestoreScript> plan, List<IptablesException> absent)
    {
        var wasRead = false;
        try
        {
            Client(is6)
                .Change(table =>
                {
                    wasRead = true;
                    return plan(table);
                });
        }
        catch (IptablesException e) when (!wasRead && (e is IptablesMissingException || e.ExitCode is not (null or 0)))
        {
            absent.Add(e);
        }
    }

    private IptablesClient Client(bool is6) => new(is6, options);
}
