using Plugboard.Linux;

namespace Plugboard.Firewall.Nftables;

/// <summary>The kernel has no nf_tables, or its module is not installed.</summary>
/// <param name="cause">What it answered.</param>
public sealed class NftablesMissingException(ErrnoException cause)
    : ErrnoException(
        "nftables",
        "the kernel",
        cause.Errno,
        $"the kernel has no nf_tables, or its module is not installed: {cause.Message}"
    );
