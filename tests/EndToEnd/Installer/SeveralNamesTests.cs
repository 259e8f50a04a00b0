using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>One program under several names, of which an image has a single file without a name.</summary>
public sealed class SeveralNamesTests : IDisposable
{
    private static readonly string[] names = ["dummy", "macvlan", "static", "vlan"];

    private readonly InstallerHost host = new();

    private string From => Path.Combine(host.Node.Directory, "from");

    public SeveralNamesTests()
    {
        Directory.CreateDirectory(From);
        var program = Path.Combine(From, names[0]);
        File.Copy(Path.Combine(PluginDirectory.Ours, names[0]), program);
        using (var file = FileDescriptor.OpenForReading(program))
        using (var stream = File.OpenWrite(program))
        {
            var (offset, size) = ElfSections.Find(file, ".plugboard.name"u8)!.Value;
            stream.Position = offset;
            stream.Write(new byte[size]);
        }

        foreach (var name in names[1..])
            host.Shell($"ln {program} {From}/{name}");
    }

    public void Dispose() => host.Dispose();

    [KernelFact]
    public void Each_gets_its_name_when_it_is_installed()
    {
        host.Run($"install --from {From} --plugins {string.Join(',', names)}").Succeeded();
        foreach (var name in names)
        {
            Assert.Equal(File.ReadAllBytes($"{PluginDirectory.Ours}/{name}"), File.ReadAllBytes($"{host.Bin}/{name}"));
            Assert.Contains($"CNI {name} plugin", host.Shell($"{host.Bin}/{name} 2>&1"), StringComparison.Ordinal);
        }

        Assert.All(
            host.States($"install --from {From} --plugins {string.Join(',', names)}"),
            static state => Assert.EndsWith(": unchanged", state, StringComparison.Ordinal)
        );
    }

    // An operator may copy a file out of the image.
    [KernelFact]
    public void A_file_without_a_name_is_called_by_its_own() =>
        Assert.Contains(
            "CNI vlan plugin",
            host.Shell($"cp {From}/dummy {host.Root}/vlan; {host.Root}/vlan 2>&1"),
            StringComparison.Ordinal
        );

    [KernelFact]
    public void A_file_that_has_a_name_keeps_it_under_any_other() =>
        Assert.Contains(
            "CNI macvlan plugin",
            host.Shell($"cp {PluginDirectory.Ours}/macvlan {host.Root}/vlan; {host.Root}/vlan 2>&1"),
            StringComparison.Ordinal
        );

    [KernelFact]
    public void What_is_no_such_executable_has_no_section()
    {
        var path = Path.Combine(host.Node.Directory, "file");
        foreach (
            var content in (byte[][])
                [
                    [],
                    Encoding.ASCII.GetBytes("#!/bin/sh\n"),
                    [0x7f, .. "ELF\u0002\u0001"u8, .. new byte[58]],
                ]
        )
        {
            File.WriteAllBytes(path, content);
            using var file = FileDescriptor.OpenForReading(path);
            Assert.Null(ElfSections.Find(file, ".plugboard.name"u8));
        }
    }
}
