using Plugboard.Addresses;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class OwnerLogTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    private OwnerLog Open(string text)
    {
        File.WriteAllText(path, text);
        return OwnerLog.Find(path)!;
    }

    private static string Apply(OwnerLog log, string id, params string[] before)
    {
        var addresses = before.Select(text => IPAddr.Parse(text)).ToList();
        log.ApplyTo(addresses, id);
        return string.Join(' ', addresses);
    }

    [Fact]
    public void The_last_word_about_an_address_counts()
    {
        using var log = Open(
            "snapshot 0\n+ a 10.0.0.2\n= 1\n+ a 10.0.0.3\n= 2\n- a 10.0.0.2\n- a 10.0.0.9\n= 3\n- b 10.0.0.3\n= 4\n+ a 10.0.0.4\n- a "
                + "10.0.0.4\n+ a 10.0.0.4\n= 5\n"
        );
        Assert.Equal("10.0.0.3 10.0.0.4", Apply(log, "a"));
        Assert.Equal("10.0.0.8 10.0.0.3 10.0.0.4", Apply(log, "a", "10.0.0.8", "10.0.0.9"));
        Assert.Equal("", Apply(log, "b", "10.0.0.3"));
    }

    [Fact]
    public void An_id_that_is_part_of_another_is_not_that_other()
    {
        using var log = Open("snapshot 0\n+ x-a 10.0.0.2\n+ a-x 10.0.0.3\n+ a.b 10.0.0.4\n+ snapshot 10.0.0.5\n= 1\n");
        Assert.Equal("", Apply(log, "a"));
        Assert.Equal("", Apply(log, "x"));
        Assert.Equal("", Apply(log, "0"));
        Assert.Equal("10.0.0.5", Apply(log, "snapshot"));
    }

    [Fact]
    public void Every_prefix_of_a_log_is_sealed_only_where_a_change_ended_with_that_time()
    {
        const string Text = "snapshot 0\n= 17\n+ a 10.0.0.2\n= 175\n- a 10.0.0.2\n= 1759\n";
        for (var length = 0; length <= Text.Length; length++)
        {
            using var log = Open(Text[..length]);
            Assert.Equal(Text[..length].EndsWith("\n= 17\n", StringComparison.Ordinal), log.IsSealed(17));
            Assert.Equal(Text[..length].EndsWith("\n= 175\n", StringComparison.Ordinal), log.IsSealed(175));
            Assert.Equal(length == Text.Length, log.IsSealed(1759));
        }
    }

    [Fact]
    public void A_log_that_lost_bytes_to_a_loss_of_power_is_not_sealed()
    {
        using var log = Open("snapshot 0\n+ a 10.0.0.2\n\0\0\0\0\0\0\0\0\n= 17\n");
        Assert.False(log.IsSealed(17));
    }

    [Fact]
    public void A_log_longer_than_its_limit_is_not_sealed()
    {
        using var fits = Open("snapshot 0\n" + new string('\n', OwnerLog.Limit - 16) + "= 17\n");
        Assert.True(fits.IsSealed(17));
        using var longer = Open("snapshot 0\n" + new string('\n', OwnerLog.Limit) + "= 17\n");
        Assert.False(longer.IsSealed(17));
    }

    [Fact]
    public void What_has_no_place_is_not_appended()
    {
        using var log = Open("snapshot 0\n");
        Assert.False(log.TryAppend(new string('\n', OwnerLog.Limit)));
        Assert.True(log.TryAppend("+ a 10.0.0.2\n= 17\n"));
        Assert.Equal("snapshot 0\n+ a 10.0.0.2\n= 17\n", File.ReadAllText(path));
        Assert.True(log.IsSealed(17));
        Assert.Equal("10.0.0.2", Apply(log, "a"));
    }

    [Fact]
    public void A_log_goes_on_from_the_snapshot_whose_size_it_says()
    {
        using var log = Open("snapshot 12\n= 1\n");
        Assert.True(log.Continues(12));
        Assert.False(log.Continues(1));
        Assert.False(log.Continues(123));
        Assert.False(log.Continues(0));
    }
}
