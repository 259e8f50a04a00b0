using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>Reads what policy needs of Nodes; all else of them is passed over. Pure.</summary>
/// <param name="limits">What they may have at most.</param>
internal sealed class PolicyNodeReader(PolicyLimits limits)
{
    private readonly ObjectFields fields = new(limits);

    /// <summary>The Node.</summary>
    /// <exception cref="DocumentException">It is invalid: with the line and the reason.</exception>
    public PolicyNode Read(DocumentNode document)
    {
        var metadata = document.Find("metadata") ?? throw document.Error("the node has no metadata");
        var addresses = document.Find("status")?.Find("addresses");
        if (addresses is not null)
            ObjectFields.RequireAtMost(addresses.AsList(), addresses, limits.Parts);
        return new PolicyNode(
            ObjectFields.ReadName(metadata),
            fields.ReadLabels(metadata.Find("labels")),
            (addresses?.Items ?? []).Select(FindAddress).OfType<IPAddr>().Distinct().Order().ToValueArray()
        );
    }

    // The others are names. A loopback or link-local address is not of one node alone.
    private static IPAddr? FindAddress(DocumentNode entry)
    {
        if (entry.AsMap().Find("type")?.AsText() is not ("InternalIP" or "ExternalIP"))
            return null;
        var node = entry.Find("address") ?? throw entry.Error("an entry of addresses has no address");
        if (!IPAddr.TryParse(node.AsText(), out var address))
            throw node.Refused($"{node.Quoted} is not the address of a node");
        return address.IsGlobalUnicast ? address : null;
    }
}
