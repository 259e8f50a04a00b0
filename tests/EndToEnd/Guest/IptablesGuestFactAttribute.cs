namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// A test in the guest kernel of Debian's package, the last one that has iptables without nftables: skipped with the reason where it does
/// not run.
/// </summary>
public sealed class IptablesGuestFactAttribute : FactAttribute
{
    public IptablesGuestFactAttribute() => Skip = GuestKernel.InstalledRefusal;
}
