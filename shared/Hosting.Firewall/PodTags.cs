using Plugboard.Firewall.Pods;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting.Firewall;

/// <summary>The tags of a network's pods, by which their rules are known.</summary>
public static class PodTags
{
    /// <summary>Those of the attachments that a GC names as valid.</summary>
    public static IReadOnlySet<string> Of(string network, IReadOnlySet<CniAttachment> valid)
    {
        var tags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var attachment in valid)
            tags.Add(new PodIdentity(network, attachment.ContainerId, attachment.IfName).Tag);
        return tags;
    }
}
