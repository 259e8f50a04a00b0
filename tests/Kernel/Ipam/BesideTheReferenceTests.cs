using Plugboard.Ipam.HostLocal;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Kernel.Ipam;

public sealed class BesideTheReferenceTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [ReferenceFact]
    public void Both_write_the_same_files()
    {
        using var theirs = new IpamNetwork(new HostLocalPlugin()) { Config = network.Config };
        network.Add("c1", "net1");
        ReferencePlugin.Run("ADD", theirs.Request("c1", "net1"));
        Assert.Equal(theirs.Files(), network.Files());
        foreach (var name in network.Files())
            Assert.Equal(theirs.Read(name), network.Read(name));
    }

    [ReferenceFact]
    public void They_take_turns_on_one_directory()
    {
        Assert.Equal("10.1.2.2", network.AddOne("ours1"));
        Assert.Equal("10.1.2.3", ReferencePlugin.AddOne(network.Request("theirs1")));
        Assert.Equal("10.1.2.4", network.AddOne("ours2"));
        ReferencePlugin.Run("DEL", network.Request("ours1"));
        network.Del("theirs1");
        Assert.Equal(["10.1.2.4", "last_reserved_ip.0", "lock"], network.Files());
        Assert.Equal("10.1.2.5", ReferencePlugin.AddOne(network.Request("theirs2")));
        ReferencePlugin.Run("CHECK", network.Request("ours2"));
        network.Check("theirs2");
        Assert.Equal(["ours2", "theirs2"], network.Owners());
    }

    [ReferenceFact]
    public void Each_refuses_a_second_address_to_the_others_container()
    {
        network.Add("c1");
        ReferencePlugin.Run("ADD", network.Request("c2"));
        var theirs = IpamNetwork.Fails(() => ReferencePlugin.Run("ADD", network.Request("c1")));
        var ours = IpamNetwork.Fails(() => network.Add("c2"));
        Assert.Equal(
            "failed to allocate for range 0: 10.1.2.2 has been allocated to c1, duplicate allocation is not allowed",
            theirs.Message
        );
        Assert.Equal(
            "failed to allocate for range 0: 10.1.2.3 has been allocated to c2, duplicate allocation is not allowed",
            ours.Message
        );
    }

    [ReferenceTheory]
    [InlineData("{}", "", "")]
    [InlineData("""{"ranges":[[]]}""", "", "")]
    [InlineData("""{"ranges":[[{}]]}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.5/24"}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.0/31"}""", "", "")]
    [InlineData("""{"subnet":"::ffff:10.0.0.0/112"}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.0/24","rangeEnd":"10.1.3.1"}""", "", "")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.0/24"},{"subnet":"2001:db8::/64"}]]}""", "", "")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/22"},{"subnet":"10.1.2.0/24"}]]}""", "", "")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/22"}],[{"subnet":"10.1.2.0/24"}]]}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.0"}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.0/24","gateway":"10.1"}""", "", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "IP=10.1.2.1", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "IP=10.1.2.9", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "IP=10.1.9.9", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "IP=x", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "A=b;IP=10.1.2.8", "")]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "", ""","args":{"cni":{"ips":["10.1.2"]}}""")]
    [InlineData("""{"subnet":"10.1.9.0/30"}""", "", "")]
    public void Both_refuse_in_the_same_words(string ipam, string args, string more)
    {
        network.Config = ipam;
        network.Write("10.1.2.9", "other\r\neth0");
        network.Write("10.1.9.2", "other\r\neth0");
        if (ipam == "{}")
            network.Config = """{"x":1}""";
        var theirs = IpamNetwork.Fails(() => ReferencePlugin.Run("ADD", network.Request("c1", args: args, more: more)));
        var ours = IpamNetwork.Fails(() => network.Add("c1", args: args, more: more));
        Assert.Equal(theirs.Message, ours.Message);
    }

    [ReferenceFact]
    public void A_range_from_end_to_start_is_refused_in_the_same_words_and_details_say_why()
    {
        network.Config = """{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.50","rangeEnd":"10.1.2.40"}""";
        var theirs = IpamNetwork.Fails(() => ReferencePlugin.Run("ADD", network.Request("c1")));
        var ours = IpamNetwork.Fails(() => network.Add("c1"));
        Assert.Equal(theirs.Message, ours.Message);
        Assert.Equal("it is after rangeEnd, 10.1.2.40: correct ipam.rangeStart in the network config", ours.Details);
    }

    [ReferenceFact]
    public void A_hundred_at_once_get_a_hundred_addresses()
    {
        var given = new string[100];
        Parallel.For(
            0,
            given.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            i => given[i] = i % 2 == 0 ? network.AddOne($"c{i}") : ReferencePlugin.AddOne(network.Request($"c{i}"))
        );
        Assert.Equal(given.Length, given.Distinct().Count());
        for (var i = 0; i < given.Length; i++)
            Assert.Equal($"c{i}\r\neth0", network.Read(given[i]));
        Parallel.For(
            0,
            given.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            i =>
            {
                if (i % 2 == 1)
                    network.Del($"c{i}");
                else
                    ReferencePlugin.Run("DEL", network.Request($"c{i}"));
            }
        );
        Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
    }
}
