using Plugboard.HostDevice;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.HostDevice;

/// <summary>Reads a directory that looks as sysfs does.</summary>
public sealed class VfPlaceTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("plugboard-sysfs-").FullName;
    private readonly DeviceTree tree;

    public VfPlaceTests()
    {
        tree = new DeviceTree(root);
        Directory.CreateDirectory($"{root}/bus/pci/devices/0000:01:00.0/net/ens1");
        for (var i = 0; i < 3; i++)
        {
            var function = $"0000:01:10.{2 * i}";
            Directory.CreateDirectory($"{root}/bus/pci/devices/{function}/net/ens1v{i}");
            Directory.CreateSymbolicLink($"{root}/bus/pci/devices/{function}/physfn", "../0000:01:00.0");
            Directory.CreateSymbolicLink($"{root}/bus/pci/devices/0000:01:00.0/virtfn{i}", $"../{function}");
        }
    }

    [Fact]
    public void A_function_is_found_by_its_address_with_its_number_and_the_interfaces()
    {
        var place = VfPlace.Get(tree, "0000:01:10.4", CniErrorCode.InvalidNetworkConfig);
        Assert.Equal(("ens1", 2, "ens1v2", false), (place.PhysicalFunction, place.Number, place.FindInterface(), place.IsForUserSpace));
        Assert.True(VfPlace.HasAny(tree));
    }

    // In switchdev mode, whatever the names sort like.
    [Theory]
    [InlineData("pf0vf1")]
    [InlineData("pf0sf88")]
    [InlineData("c1pf0vf3")]
    public void A_representor_is_not_the_interface_of_the_card(string port)
    {
        var net = Directory.CreateDirectory($"{root}/bus/pci/devices/0000:01:00.0/net").FullName;
        File.WriteAllText($"{net}/ens1/phys_port_name", "p0\n");
        foreach (var name in (string[])["58609951635cbfa", "ens1_0"])
        {
            Directory.CreateDirectory($"{net}/{name}");
            File.WriteAllText($"{net}/{name}/phys_port_name", port + "\n");
        }

        Assert.Equal("ens1", VfPlace.Find(tree, "0000:01:10.0")!.PhysicalFunction);
        Assert.Equal(["ens1"], DeviceTree.ListInterfaces($"{root}/bus/pci/devices/0000:01:00.0"));
    }

    [Theory]
    [InlineData("vfio-pci", true)]
    [InlineData("igbvf", false)]
    public void A_driver_says_whether_a_program_has_it(string driver, bool expected)
    {
        Directory.CreateSymbolicLink($"{root}/bus/pci/devices/0000:01:10.0/driver", $"../../../../bus/pci/drivers/{driver}");
        Assert.Equal(expected, VfPlace.Find(tree, "0000:01:10.0")!.IsForUserSpace);
    }

    [Theory]
    [InlineData("0000:09:00.0", "the node has no PCI device 0000:09:00.0")]
    [InlineData("0000:01:00.0", "the PCI device 0000:01:00.0 is not a virtual function")]
    public void What_is_no_function_is_refused_with_the_reason(string address, string reason)
    {
        var e = Assert.Throws<CniException>(() => VfPlace.Get(tree, address, CniErrorCode.PluginNotAvailable));
        Assert.StartsWith(reason, e.Details, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_pod_it_has_no_interface_here_and_its_card_may_have_none()
    {
        Directory.Delete($"{root}/bus/pci/devices/0000:01:10.0/net", recursive: true);
        Assert.Null(VfPlace.Find(tree, "0000:01:10.0")!.FindInterface());
        Directory.Delete($"{root}/bus/pci/devices/0000:01:00.0/net", recursive: true);
        Assert.Null(VfPlace.Find(tree, "0000:01:10.0"));
        Assert.False(VfPlace.HasAny(new DeviceTree(root + "/none")));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
