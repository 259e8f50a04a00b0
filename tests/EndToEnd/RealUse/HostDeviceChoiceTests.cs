using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>host-device by the devices that sysfs shows: here it shows what the test says.</summary>
public sealed class HostDeviceChoiceTests
{
    private const string Pci = "/sys/bus/pci/devices";

    [KernelTheory]
    [InlineData(Pci + "/0000:01:10.0/net/nic0", """{"pciBusID":"0000:01:10.0"}""")]
    [InlineData(Pci + "/0000:01:10.0/virtio3/net/nic0", """{"pciBusID":"0000:01:10.0"}""")]
    [InlineData(Pci + "/0000:01:10.0/net/nic0", """{"runtimeConfig":{"deviceID":"0000:01:10.0"}}""")]
    [InlineData(Pci + "/0000:01:10.0/net/nic0", """{"pciBusID":"0000:09:09.9","runtimeConfig":{"deviceID":"0000:01:10.0"}}""")]
    [InlineData(Pci + "/0000:af:10.0/net/nic0", """{"pciBusID":"0000:AF:10.0"}""")]
    [InlineData(Pci + "/0000:af:10.0/net/nic0", """{"runtimeConfig":{"deviceID":"AF:10.0"}}""")]
    [InlineData("/sys/bus/auxiliary/devices/mlx5_core.sf.4/net/nic0", """{"runtimeConfig":{"deviceID":"mlx5_core.sf.4"}}""")]
    [InlineData("/sys/devices/platform/serial8250/net/nic0", """{"kernelpath":"/sys/devices/platform/serial8250"}""")]
    public void The_device_is_chosen_by_what_is_below_it(string directory, string keys)
    {
        using var host = new HostDeviceNode();
        Show(host, directory);
        Bind(host, "igbvf");
        var pod = host.Node.AddPod();
        host.Node.Call("STATUS", null, HostDeviceNode.Config(keys, "1.1.0")).Succeeded();
        host.Node.Call("ADD", pod, host.WithIpam(keys)).Succeeded();
        Assert.False(host.Has("nic0"));
        host.Node.Call("CHECK", pod, host.WithIpam(keys)).Succeeded();
        // Unplugged: DEL needs no sysfs.
        host.Node.Tool($"mount -t tmpfs none {Pci}");
        host.Node.Call("DEL", pod, host.WithIpam(keys)).Succeeded();
        Assert.True(host.Has("nic0"));
    }

    [KernelTheory]
    [InlineData("igbvf", "the driver igbvf has no interface of it in the host's namespace: another container may have it")]
    [InlineData("", "the device has no driver: bind it to one")]
    public void A_device_without_an_interface_is_refused_with_the_reason(string driver, string reason)
    {
        using var host = new HostDeviceNode();
        Show(host, Pci + "/0000:01:10.0/net");
        Bind(host, driver);
        var keys = """{"pciBusID":"0000:01:10.0"}""";
        var pod = host.Node.AddPod();
        var refused = host.Node.Call("ADD", pod, host.WithIpam(keys));
        Assert.Equal(
            (7, "failed to find host device: no net directory under pci device 0000:01:10.0", $"pciBusID 0000:01:10.0: {reason}"),
            (refused.Code, refused.Message, refused.Details)
        );
        host.Node.Call("DEL", pod, host.WithIpam(keys)).Succeeded();
        Assert.Empty(host.Node.Leases());
    }

    // The reference's of 1.1.1 cannot tell: a program drives it.
    [KernelTheory]
    [InlineData("vfio-pci", """{"pciBusID":"0000:01:10.0"}""")]
    [InlineData("uio_pci_generic", """{"pciBusID":"0000:01:10.0"}""")]
    [InlineData("igb_uio", """{"runtimeConfig":{"deviceID":"0000:01:10.0"}}""")]
    public void A_device_of_a_program_is_reported_with_addresses_that_nobody_sets(string driver, string keys)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        Show(host, Pci + "/0000:01:10.0");
        Bind(host, driver);
        var pod = host.Node.AddPod();
        var result = host.Node.Call("ADD", pod, host.WithIpam(keys)).Succeeded().Json;
        Assert.Equal($$"""[{"name":"eth0","sandbox":"{{pod.Path}}"}]""", result["interfaces"]!.ToJsonString());
        Assert.Equal("10.1.0.2/16", (string)result["ips"]![0]!["address"]!);
        Assert.Equal(0, (int)result["ips"]![0]!["interface"]!);
        Assert.NotEqual(0, pod.TryTool(["ip", "link", "show", "dev", "eth0"]).ExitCode);
        host.Node.Call("CHECK", pod, host.WithIpam(keys)).Succeeded();
        host.Node.Call("DEL", pod, host.WithIpam(keys)).Succeeded();
        host.Node.Call("DEL", pod, host.WithIpam(keys)).Succeeded();
        Assert.Empty(host.Node.Leases());
        Assert.Equal(before, host.Facts());
    }

    [KernelFact]
    public void Of_a_device_that_DEL_cannot_read_the_lease_is_released()
    {
        using var host = new HostDeviceNode();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        var broken = host.WithIpam();
        broken.Remove("device");
        broken["hwaddr"] = 7;
        host.Node.Call("DEL", pod, broken).Succeeded();
        Assert.True(host.Has("nic0"));
        Assert.Empty(host.Node.Leases());
    }

    private static void Show(HostDeviceNode host, string directory)
    {
        foreach (var root in (string[])[Pci, "/sys/devices/platform"])
        {
            if (directory.StartsWith(root + "/", StringComparison.Ordinal))
                host.Node.Tool($"mount -t tmpfs none {root}");
        }

        // Not every kernel has this bus.
        if (directory.StartsWith("/sys/bus/auxiliary/", StringComparison.Ordinal))
            host.Node.Tool("mount -t tmpfs none /sys/bus");
        host.Node.Tool($"mkdir -p {Pci} {directory}");
    }

    private static void Bind(HostDeviceNode host, string driver)
    {
        if (driver.Length > 0)
            host.Node.TryTool(["ln", "-s", $"../../drivers/{driver}", $"{Pci}/0000:01:10.0/driver"]);
    }
}
