namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// Directories of the node with limits, on a kernel that has quotas of projects: what volumes-quota.sh did and saw. A step here is a step
/// there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class QuotaTests(QuotaTests.Fixture guest) : IClassFixture<QuotaTests.Fixture>
{
    public sealed class Fixture() : VolumeGuest("volumes-quota.sh");

    public static TheoryData<string> Types => ["ext4", "xfs"];

    [GuestTheory]
    [MemberData(nameof(Types))]
    public void A_directory_holds_no_more_than_its_quota_and_shows_it_as_its_size(string type)
    {
        guest.Done($"{type}-mount", $"{type}-again");
        Assert.Equal("8388608", guest.Step($"{type}-size").Output.Split('\n')[^1].Trim());
        guest.Step($"{type}-fits").Succeeded();
        // A project's quota is EDQUOT of ext4, ENOSPC of xfs.
        Assert.Contains(
            type == "ext4" ? "Disk quota exceeded" : "No space left on device",
            guest.Step($"{type}-too-much").Output,
            StringComparison.Ordinal
        );
    }

    [GuestTheory]
    [MemberData(nameof(Types))]
    public void Each_directory_has_its_own_and_one_without_has_none(string type)
    {
        guest.Done($"{type}-beside", $"{type}-unmount-beside");
        guest.Step($"{type}-beside-fits").Succeeded();
        guest.Step($"{type}-unlimited").Succeeded();
    }

    [GuestTheory]
    [MemberData(nameof(Types))]
    public void A_quota_grows_and_stays_so_when_the_volume_is_mounted_again(string type)
    {
        Assert.Equal("Success", guest.Answer($"{type}-grow").Status);
        guest.Step($"{type}-grown").Succeeded();
        guest.Done($"{type}-unmount", $"{type}-mount-grown", $"{type}-unmount-grown");
        Assert.Equal("16777216", guest.Step($"{type}-size-grown").Output.Split('\n')[^1].Trim());
    }

    [GuestFact]
    public void A_quota_that_would_not_hold_is_refused()
    {
        guest.Failed(
            "not-empty",
            "local: /srv/ext4/full holds files already, which the quota would not count; give the volume a new directory and copy them"
        );
        const string Remedy =
            "is not mounted with prjquota (ext4 or xfs, Linux 5.14); mount it with prjquota on the node, or remove the option";
        guest.Failed("counted", $"local: option \"quota\" is set, but ext4 at /srv/counted {Remedy}");
        guest.Failed("memory", $"local: option \"quota\" is set, but tmpfs at /srv {Remedy}");
    }

    [GuestFact]
    public void A_volume_without_a_quota_may_be_asked_to_grow() => guest.Done("without", "without-grow", "without-unmount");
}
