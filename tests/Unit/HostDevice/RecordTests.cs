using System.Text;
using Plugboard.Addresses;
using Plugboard.HostDevice;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.HostDevice;

public sealed class RecordTests
{
    private static readonly Link card = new()
    {
        Index = 7,
        Name = "ens1",
        Alias = "rack 7\nleft \\n",
        Mtu = 9000,
        Flags = LinkFlags.Up,
        Address = MacAddress.Parse("02:00:00:00:00:01"),
        PermanentAddress = MacAddress.Parse("02:00:00:00:00:02"),
        ParentDevice = "pci/0000:01:10.0",
    };

    private static readonly Attachment owner = new("net", "pod", "net1");

    private static InterfaceAddress Address(string text, AddressFlags flags) =>
        new()
        {
            LinkIndex = 7,
            Address = IPPrefix.Parse(text),
            Flags = flags,
        };

    [Fact]
    public void A_record_says_all_of_a_device_and_is_read_as_it_was_written()
    {
        var record = DeviceRecord.Of(
            card,
            owner,
            [
                Address("192.0.2.1/24", AddressFlags.Permanent | AddressFlags.NoPrefixRoute),
                Address("192.0.2.7/24", AddressFlags.None),
                Address("fe80::1/64", AddressFlags.Permanent),
                Address("2001:db8::1/64", AddressFlags.Permanent),
            ]
        ) with
        {
            Boot = "b",
            NetNs = "/run/netns/a b",
            NetNsInode = ulong.MaxValue,
        };
        var read = DeviceRecord.Parse(record.ToBytes())!;
        Assert.Equal(record with { Addresses = [] }, read with { Addresses = [] });
        Assert.Equal(["192.0.2.1/24", "2001:db8::1/64"], read.Addresses.Select(static each => each.Address.ToString()));
        Assert.Equal(AddressFlags.NoPrefixRoute, read.Addresses[0].Flags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("name ens1\n")]
    [InlineData("\0\0\0")]
    [InlineData("network n\ncontainer c\ninterface i\nname x\nmtu many\n")]
    public void What_is_no_record_is_none(string content) => Assert.Null(DeviceRecord.Parse(Encoding.UTF8.GetBytes(content)));

    [Fact]
    public void A_device_is_known_by_the_one_below_it_whatever_its_names_and_addresses()
    {
        var record = DeviceRecord.Of(card, owner, []);
        var returned = card with { Index = 9, Name = "net1", Alias = "ens1", Address = null, PermanentAddress = null };
        Assert.True(record.IsMark(returned) && record.IsReturned(returned with { Alias = "" }));
        Assert.False(record.IsMark(card));
        Assert.False(record.IsReturned(returned with { ParentDevice = "pci/0000:01:10.2" }));
        Assert.False(record.IsReturned(returned with { Name = "dev9", Alias = "" }));
    }

    [Theory]
    [InlineData("pci/0000:01:10.0", """{"pciBusID":"0000:01:10.0"}""", true)]
    [InlineData("pci/0000:01:10.0", """{"pciBusID":"0000:01:10.2"}""", false)]
    [InlineData("virtio/virtio3", """{"pciBusID":"0000:01:10.0"}""", true)]
    [InlineData("virtio/virtio3", """{"runtimeConfig":{"deviceID":"0000:01:10.0"}}""", true)]
    [InlineData("virtio/virtio3", """{"pciBusID":"0000:01:10.2"}""", false)]
    [InlineData("virtio/virtio4", """{"pciBusID":"0000:01:10.0"}""", false)]
    [InlineData("virtio/virtio3", """{"kernelpath":"/sys/devices/pci0/0000:01:10.0"}""", true)]
    [InlineData("virtio/virtio3", """{"kernelpath":"/sys/devices/pci0/0000:01:10.0/virtio3"}""", true)]
    [InlineData("auxiliary/mlx5_core.sf.4", """{"runtimeConfig":{"deviceID":"mlx5_core.sf.4"}}""", true)]
    [InlineData("pci/0000:01:10.0", """{"device":"ens1"}""", true)]
    [InlineData("pci/0000:01:10.0", """{"device":"ens2"}""", false)]
    [InlineData("pci/0000:01:10.0", """{"hwaddr":"02:00:00:00:00:02"}""", true)]
    [InlineData("pci/0000:01:10.0", """{"hwaddr":"02:00:00:00:00:03"}""", false)]
    public void A_config_chooses_the_device_of_a_record_or_another(string parent, string keys, bool isChosen)
    {
        var sys = Directory.CreateTempSubdirectory("plugboard-test").FullName;
        Directory.CreateDirectory($"{sys}/bus/pci/devices/0000:01:10.0/virtio3");
        Directory.CreateDirectory($"{sys}/devices/pci0/0000:01:10.0/virtio3");
        var link = card with { ParentDevice = parent };
        var config = HostDeviceConfig.Parse(NetworkConfig.Parse(Encoding.UTF8.GetBytes($$"""{"name":"n",{{keys[1..]}}""")).Root);
        var finder = new DeviceFinder(config, new DeviceTree(sys));
        var record = DeviceRecord.Of(link, owner, []);
        Assert.Equal(isChosen, finder.IsChosen(record));
        Assert.Equal(!isChosen, finder.IsAnother(record, link with { Name = "net1" }));
        Directory.Delete(sys, recursive: true);
    }

    [Fact]
    public void A_veth_is_known_by_its_other_end_which_stayed_in_another_namespace()
    {
        var veth = card with { Kind = "veth", ParentDevice = "", PermanentAddress = null, PeerIndex = 4 };
        var identity = DeviceIdentity.Of(veth);
        Assert.True(identity.IsInContainer(veth with { LinkNetNsId = 0, Name = "net1", Address = null }));
        Assert.False(identity.IsInContainer(veth));
        Assert.False(identity.Is(veth with { PeerIndex = 5 }));
        Assert.False(identity.Is(veth with { Kind = "macvlan" }));
    }

    [Fact]
    public void A_function_of_the_reference_is_read_with_what_was_configured()
    {
        var content = """
            {"cniVersion":"0.3.1","name":"fast","type":"sriov","OrigVfState":{"HostIFName":"ens1f0v2","SpoofChk":true,"Trust":false,
            "AdminMAC":"00:00:00:00:00:00","EffectiveMAC":"02:00:00:00:00:09","Vlan":7,"VlanQoS":1,"VlanProto":34984,"MinTxRate":0,
            "MaxTxRate":10,"LinkState":2,"MTU":1500},"Master":"ens1f0","MAC":"","MTU":1500,"vlan":100,"vlanQoS":3,"vlanProto":null,
            "deviceID":"0000:01:10.4","VFID":2,"min_tx_rate":null,"max_tx_rate":50,"trust":"on","runtimeConfig":{}}
            """;
        var record = VfRecord.Parse(Encoding.UTF8.GetBytes(content), "pod-net1");
        Assert.Equal(
            ("fast", "0000:01:10.4", "ens1f0v2", "ens1f0", 1500),
            (record.Network, record.DeviceId, record.HostName, record.Master, record.Mtu)
        );
        Assert.Equal(new VfVlan(7, 1, VlanProtocol.Ieee8021AD), record.Before.Vlan);
        Assert.Equal(
            (2, 10, true, VfLinkState.Disable),
            (record.Before.Number, record.Before.MaxTxRate, record.Before.SpoofCheck, record.Before.LinkState)
        );
        Assert.Equal(new VfVlan(100, 3, VlanProtocol.Ieee8021Q), record.Config.Vlan);
        Assert.Equal(((0, 50), true, null, null), (record.Config.Rates, record.Config.Trust, record.Config.SpoofCheck, record.Config.Mac));
        Assert.Equal(("", false, ""), (record.Boot, record.IsUp, record.NetNs));
    }

    // The oldest files have no state; later ones no trust; before 2.8 there is no protocol of the VLAN, before 2.9 no MTU.
    [Theory]
    [InlineData(
        """
            "Master":"ens1f0","MAC":"","adminMAC":"02:00:00:00:00:08","effectiveMAC":"02:00:00:00:00:09",
            "HostIFNames":"ens1f0v2","ContIFNames":"net1"
            """,
        0,
        false,
        0
    )]
    [InlineData(
        """
            "OrigVfState":{"HostIFName":"ens1f0v2","SpoofChk":true,"AdminMAC":"02:00:00:00:00:08",
            "EffectiveMAC":"02:00:00:00:00:09","Vlan":7,
            "VlanQoS":0,"MinTxRate":0,"MaxTxRate":0,"LinkState":0},"Master":"ens1f0","MAC":""
            """,
        7,
        false,
        0
    )]
    [InlineData(
        """
            "OrigVfState":{"HostIFName":"ens1f0v2","SpoofChk":true,"Trust":true,"AdminMAC":"02:00:00:00:00:08",
            "EffectiveMAC":"02:00:00:00:00:09",
            "Vlan":7,"VlanQoS":0,"MinTxRate":0,"MaxTxRate":0,"LinkState":0},"Master":"ens1f0","MAC":"","logLevel":"info"
            """,
        7,
        true,
        0
    )]
    [InlineData(
        """
            "OrigVfState":{"HostIFName":"ens1f0v2","SpoofChk":true,"Trust":true,"AdminMAC":"02:00:00:00:00:08",
            "EffectiveMAC":"02:00:00:00:00:09",
            "Vlan":7,"VlanQoS":0,"VlanProto":33024,
            "MinTxRate":0,"MaxTxRate":0,"LinkState":0,"MTU":9000},"Master":"ens1f0","MAC":"","MTU":9000
            """,
        7,
        true,
        9000
    )]
    public void A_function_is_read_as_each_version_of_the_reference_kept_it(string keys, int vlan, bool trust, int mtu)
    {
        var record = VfRecord.Parse(
            Encoding.UTF8.GetBytes(
                $$$"""
                {"cniVersion":"0.3.1","name":"fast","type":"sriov",{{{keys}}},"deviceID":"0000:01:10.4","VFID":2,"vlan":100,"vlanQoS":3,
                 "min_tx_rate":null,"max_tx_rate":null,"spoofchk":"off","runtimeConfig":{}}
                """
            ),
            "pod-net1"
        );
        Assert.Equal(("ens1f0v2", "ens1f0", 2, mtu), (record.HostName, record.Master, record.Before.Number, record.Mtu));
        Assert.Equal(("02:00:00:00:00:08", "02:00:00:00:00:09"), (record.Before.Mac.ToString(), record.EffectiveMac.ToString()));
        Assert.Equal(new VfVlan(vlan, 0, VlanProtocol.Ieee8021Q), record.Before.Vlan);
        Assert.Equal((true, trust), (record.Before.SpoofCheck, record.Before.Trust));
        Assert.Equal(new VfVlan(100, 3, VlanProtocol.Ieee8021Q), record.Config.Vlan);
        Assert.Equal(((false, ""), ""), ((record.Config.SpoofCheck, record.NetNs), record.Boot));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"HostIFNames":["ens1f0v2"]}""")]
    [InlineData("""{"OrigVfState":7}""")]
    public void What_is_no_function_is_an_error(string content) =>
        Assert.Throws<CniException>(() => VfRecord.Parse(Encoding.UTF8.GetBytes(content), "x"));
}
