using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>CHECK compares what the kernel has with what ADD made, content by content.</summary>
public sealed class CheckTests
{
    public static TheoryData<string, string> Damages =>
        new()
        {
            { "delete element inet plugboard_portmap ports4 { tcp . 8080 }", "host port 8080/tcp" },
            { "delete element inet plugboard_portmap ports6 { tcp . 8080 }", "host port 8080/tcp" },
            { "flush set inet plugboard_portmap masquerade4", "masquerade4" },
            { "flush chain inet plugboard_portmap hostports", "hostports" },
            { "delete table inet plugboard_portmap", "plugboard_portmap" },
        };

    [KernelTheory]
    [MemberData(nameof(Damages))]
    public void What_is_missing_is_named(string damage, string named)
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        node.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
        node.Node.Tool("nft " + damage);

        var failed = node.Chain.Check(pod, PortNode.Ports("8080:80"));

        Assert.Equal(100, failed.Code);
        Assert.Contains(named, failed.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_port_that_leads_elsewhere_is_named()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        node.Node.TryTool(
            ["nft", "-f", "-"],
            """
            delete element inet plugboard_portmap ports4 { tcp . 8080 }
            add element inet plugboard_portmap ports4 { tcp . 8080 : 10.1.0.77 . 80 }
            """
        );
        var failed = node.Chain.Check(pod, PortNode.Ports("8080:80"));
        Assert.Equal(100, failed.Code);
        Assert.Contains("10.1.0.77", failed.Message + failed.Details, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_port_that_the_config_wants_and_ADD_did_not_publish_is_named()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        Assert.Equal(100, node.Chain.Check(pod, PortNode.Ports("8080:80", "8081:80")).Code);
    }

    [KernelFact]
    public void Without_ports_there_is_nothing_to_check()
    {
        using var node = new PortNode();
        var pod = node.AddPod();
        node.Chain.Check(pod).Succeeded();
        Assert.Equal("", node.Ruleset());
    }
}
