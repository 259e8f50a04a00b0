using Plugboard.Drivers;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.Tests.Unit.FlexVolume;

public sealed class DialectTests
{
    [Theory]
    [InlineData("/plugins/plugboard~nfs/nfs", "plugboard~nfs")]
    [InlineData("/plugins/k8s~nfs/nfs", "k8s~nfs")]
    [InlineData("/plugins/tmpfs/tmpfs", "tmpfs")]
    [InlineData("/plugins/acme~unknown/unknown", null)]
    [InlineData("/usr/bin/flexvolume", null)]
    [InlineData("/x", null)]
    public void The_directory_names_the_driver(string path, string? name) => Assert.Equal(name, Dialect.FindNameByPath(path)?.Tilded);

    [Theory]
    [InlineData("plugboard/local", "local", false)]
    [InlineData("acme/cifs", "cifs", false)]
    [InlineData("k8s/nfs", "nfs", true)]
    [InlineData("fstab/cifs", "cifs", true)]
    [InlineData("juliohm/cifs", "cifs", true)]
    [InlineData("microsoft.com/smb", "cifs", true)]
    [InlineData("alicloud/nas", "nfs", true)]
    [InlineData("ramax.com/local-storage", "local", true)]
    [InlineData("kvaps/loop", "loop", true)]
    [InlineData("nodeagent/uds", "uds", false)]
    public void A_name_selects_backend_and_leniency(string name, string backend, bool lenient)
    {
        var dialect = Dialect.Find(DriverName.Find(name)!)!;
        Assert.Equal((backend, lenient), (dialect.Backend, dialect.Names.IsLenient));
    }

    [Theory]
    [InlineData("k8s/nfs", "protocol", "proto")]
    [InlineData("k8s/nfs", "readonly", "readOnly")]
    [InlineData("fstab/cifs", "networkPath", "source")]
    [InlineData("juliohm/cifs", "opts", "mountOptions")]
    [InlineData("microsoft.com/smb", "mountoptions", "mountOptions")]
    [InlineData("alicloud/nas", "path", "share")]
    [InlineData("alicloud/nas", "Path", "share")]
    [InlineData("juliohm/cifs", "Opts", "mountOptions")]
    [InlineData("juliohm/cifs", "Server", "server")]
    [InlineData("microsoft.com/smb", "mountOptions", "mountOptions")]
    [InlineData("fstab/cifs", "networkpath", "source")]
    [InlineData("alicloud/nas", "options", "mountOptions")]
    [InlineData("ramax.com/local-storage", "pvc-name", "name")]
    [InlineData("kvaps/loop", "share", "directory")]
    [InlineData("plugboard/nfs", "path", "share")]
    [InlineData("plugboard/local", "volume-mode", "mode")]
    public void Options_have_the_names_of_the_driver_that_is_replaced(string name, string written, string meant) =>
        Assert.Equal(
            "value",
            new VolumeOptions(new Dictionary<string, string> { [written] = "value" }, Dialect.Find(DriverName.Find(name)!)!.Names).Find(
                meant
            )
        );

    [Theory]
    [InlineData("k8s/nfs", "protocol", "udp", "proto", "tcp")]
    [InlineData("k8s/nfs", "protocol", "tcp6", "proto", "tcp6")]
    [InlineData("alicloud/nas", "options", "None", "mountOptions", "defaults")]
    [InlineData("alicloud/nas", "options", "", "mountOptions", "noresvport")]
    [InlineData("alicloud/nas", "path", "", "share", "/")]
    [InlineData("ramax.com/local-storage", "pod-local", "true", "perPod", "name")]
    [InlineData("ramax.com/local-storage", "pod-local", "1", "perPod", "name")]
    [InlineData("ramax.com/local-storage", "pod-local", "false", "perPod", "false")]
    [InlineData("ramax.com/local-storage", "file-sync", "true", "root", "/srv/file-sync")]
    [InlineData("ramax.com/local-storage", "volume-mode", "", "mode", "0755")]
    [InlineData("juliohm/cifs", "uid", "", "uid", "fsGroup")]
    [InlineData("kvaps/loop", "size", "30m", "size", "31457280")]
    [InlineData("kvaps/loop", "size", "1g", "size", "1073741824")]
    [InlineData("kvaps/loop", "size", "1G", "size", "1073741824")]
    [InlineData("kvaps/loop", "size", "2GiB", "size", "2147483648")]
    [InlineData("kvaps/loop", "size", "2kB", "size", "2000")]
    [InlineData("kvaps/loop", "size", "31457280", "size", "31457280")]
    [InlineData("kvaps/loop", "size", "30x", "size", "30x")]
    [InlineData("kvaps/loop", "size", "99999999999E", "size", "99999999999E")]
    [InlineData("kvaps/loop", "size", "m", "size", "m")]
    public void Values_mean_what_they_meant_to_the_driver_that_is_replaced(
        string name,
        string written,
        string value,
        string option,
        string meant
    ) =>
        Assert.Equal(
            meant,
            new VolumeOptions(new Dictionary<string, string> { [written] = value }, Dialect.Find(DriverName.Find(name)!)!.Names).Find(
                option
            )
        );

    [Theory]
    [InlineData("plugboard/local", false, true, true, true, true)]
    [InlineData("plugboard/loop", false, true, true, true, true)]
    [InlineData("plugboard/tmpfs", false, true, true, false, true)]
    [InlineData("plugboard/nfs", false, false, false, false, false)]
    [InlineData("fstab/cifs", false, false, false, false, false)]
    [InlineData("nodeagent/uds", false, true, false, false, false)]
    public void Capabilities_are_those_of_the_backend(string name, bool attach, bool relabel, bool metrics, bool group, bool resize) =>
        Assert.Equal(
            new FlexCapabilities
            {
                Attach = attach,
                SELinuxRelabel = relabel,
                SupportsMetrics = metrics,
                FSGroup = group,
                RequiresFSResize = resize,
            },
            Dialect.Find(DriverName.Find(name)!)!.Capabilities
        );

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b/c")]
    [InlineData("")]
    [InlineData("~nfs")]
    [InlineData("-a/nfs")]
    public void What_Kubernetes_would_not_take_for_a_name_is_none(string text) => Assert.Null(DriverName.Find(text));
}
