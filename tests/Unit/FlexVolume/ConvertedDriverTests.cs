using Plugboard.Protocols.FlexVolume;
using static Plugboard.Tests.Unit.FlexVolume.ConvertedVolume;

namespace Plugboard.Tests.Unit.FlexVolume;

/// <summary>What the volumes of each driver become.</summary>
public sealed class ConvertedDriverTests
{
    [Theory]
    [InlineData("plugboard/local", "path: data\nsubPath: a", "/var/lib/flexvolume/local/data/a")]
    [InlineData("plugboard/local", "path: /srv/x", "/srv/x")]
    [InlineData("plugboard/local", "create: 'true'", "/var/lib/flexvolume/local/shop/data")]
    [InlineData("ramax.com/local-storage", "pvc-name: claim", "/srv/local/shop/claim")]
    [InlineData("ramax.com/local-storage", "file-sync: 'true'", "/srv/file-sync/shop/data")]
    [InlineData("plugboard/local", "root: /srv/v", "/srv/v/shop/data")]
    public void A_directory_becomes_a_built_in_local_volume(string driver, string options, string path)
    {
        var converted = Of(driver, options);
        Assert.StartsWith(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: \"data-local\"\n",
            converted,
            StringComparison.Ordinal
        );
        Assert.Contains($"\n  local:\n    path: \"{path}\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("nodeAffinity", converted, StringComparison.Ordinal);
        Assert.Contains("  volumeName: \"data-local\"\n", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("csi:", converted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_for_each_pod_has_no_volume_and_a_remedy() =>
        Assert.Contains(
            "subPathExpr: $(POD_UID)",
            Assert.Throws<FlexException>(() => Of("plugboard/local", "path: x\npod-local: 'true'")).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("plugboard/loop", "file: shop/disk.img\nfsType: xfs", "/var/lib/flexvolume/loop/shop/disk.img /mnt/data xfs loop,")]
    [InlineData("kvaps/loop", "share: /srv/images\nfile: a.img", "/srv/images/a.img /mnt/data ext4 loop,")]
    public void An_image_is_mounted_by_the_node_and_becomes_a_local_volume(string driver, string options, string line)
    {
        var converted = Of(driver, options);
        Assert.Contains("  local:\n    path: \"/mnt/data\"\n", converted, StringComparison.Ordinal);
        Assert.Contains(line, converted, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_becomes_an_emptyDir_of_the_pod()
    {
        var converted = Of("plugboard/tmpfs", "size: 16Mi\nnoswap: 'true'");
        Assert.Contains(
            "    - name: \"data\"\n      emptyDir:\n        medium: Memory\n        sizeLimit: \"16Mi\"\n",
            converted,
            StringComparison.Ordinal
        );
        Assert.Contains("# An emptyDir has no noswap: true.", converted, StringComparison.Ordinal);
        Assert.DoesNotContain("sizeLimit:", Of("plugboard/tmpfs", "size: 10%"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_node_agents_directory_comes_from_its_own_CSI_driver() =>
        Assert.Contains("      csi:\n        driver: csi.tigera.io\n", Of("nodeagent/uds", "x: y"), StringComparison.Ordinal);

    [Fact]
    public void The_options_of_alicloud_become_those_of_csi_driver_nfs()
    {
        var converted = Of("alicloud/nas", "server: 10.0.0.5\npath: /a/b\nvers: '4.0'\nmode: '755'");
        Assert.Contains("      share: \"/a/b\"\n      mountPermissions: \"0755\"\n", converted, StringComparison.Ordinal);
        Assert.Contains("    - \"nfsvers=4.0\"\n    - \"noresvport\"\n", converted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "k8s/nfs",
        "server: '[fd00::1]'\nshare: x\natime: '0'\nreadonly: 'true'",
        "      server: \"fd00::1\"",
        "    - \"noatime\"",
        "    - \"ro\""
    )]
    [InlineData(
        "plugboard/nfs",
        "source: '[fd00::1]:/x'\nsoft: 'true'\nport: '20490'",
        "      server: \"fd00::1\"",
        "    - \"soft\"",
        "    - \"port=20490\""
    )]
    [InlineData(
        "juliohm/cifs",
        "Server: nas\nShare: /Media\nopts: uid=1000,domain=CORP",
        "      source: \"//nas/Media\"",
        "    - \"domain=CORP\""
    )]
    [InlineData(
        "microsoft.com/smb",
        "source: //nas/x\nmountoptions: vers=3.0,username=a,_netdev",
        "    - \"_netdev\"",
        "#  mountOptions held username, which is left out here: the Secret has username, password and domain."
    )]
    [InlineData("fstab/cifs", "networkPath: //nas/x\nselinuxEnabled: 'true'", "    - \"context=system_u:object_r:container_file_t:s0\"")]
    public void Options_arrive_at_the_CSI_driver(string driver, string options, params string[] lines)
    {
        var converted = Of(driver, options).Split('\n');
        Assert.All(lines, line => Assert.Contains(line, converted));
        Assert.DoesNotContain(
            converted,
            static line => line.Contains("nfsvers", StringComparison.Ordinal) || line.Contains("fsGroup\"", StringComparison.Ordinal)
        );
    }
}
