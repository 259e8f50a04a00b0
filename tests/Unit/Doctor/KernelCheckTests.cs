using Plugboard.Doctor;
using Plugboard.Doctor.Checks;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class KernelCheckTests
{
    private static readonly KernelFeatures Full = new()
    {
        NfTables = true,
        InetNat = true,
        NftBridge = true,
        Bridge = true,
        Vxlan = true,
        Overlay = true,
        IsRecent = true,
    };

    private static IEnumerable<string> Ids(KernelFeatures has, KernelFeatures needs) =>
        KernelCheck.Judge(has, needs).Select(static finding => finding.Id);

    [Fact]
    public void A_missing_feature_that_is_needed_is_reported_and_nothing_else()
    {
        Assert.Empty(Ids(Full, Full));
        Assert.Equal(
            [FindingIds.KernelNfTables],
            Ids(Full with { NfTables = false, InetNat = false, NftBridge = false, IsRecent = false }, Full)
        );
        Assert.Equal([FindingIds.KernelInetNat], Ids(Full with { InetNat = false, IsRecent = false }, Full));
        Assert.Equal([FindingIds.KernelTooOld], Ids(Full with { IsRecent = false }, Full));
        Assert.Equal([FindingIds.KernelNftBridge], Ids(Full with { NftBridge = false }, Full));
        Assert.Equal([FindingIds.KernelBridge], Ids(Full with { Bridge = false }, Full));
        Assert.Equal([FindingIds.KernelVxlan], Ids(Full with { Vxlan = false }, Full));
        Assert.Equal([FindingIds.KernelOverlay], Ids(Full with { Overlay = false }, Full));
    }

    [Fact]
    public void An_unneeded_feature_may_be_missing() => Assert.Empty(Ids(new KernelFeatures(), new KernelFeatures()));
}
