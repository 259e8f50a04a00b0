using Plugboard.Doctor;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>Network configs and executables that no pod starts with.</summary>
internal static class PluginFaults
{
    private const string Bin = PatientNode.BinDirectory;
    private const string Conflist = PatientNode.Conflist;

    public static IReadOnlyList<Fault> All =>
        [
            .. Configs,
            .. Executables,
            Config("a subnet of 33 bits", "10.201.0.0/24", "10.201.0.0/33"),
            Config("a range that begins outside its subnet", "0/24\"", "0/24\", \"rangeStart\": \"10.202.0.9\""),
            Config("a gateway of the other family", "0/24\"", "0/24\", \"gateway\": \"fd00::1\""),
            Config("a VLAN that does not exist", "\"bridge\": \"cni0\"", "\"bridge\": \"cni0\", \"vlan\": 5000"),
            Config("a bridge's name that is too long", "\"cni0\"", "\"a-bridge-of-all-pods\""),
            Config("a number for a flag", "\"ipMasq\": true", "\"ipMasq\": 1"),
            Config("a backend of portmap that does not exist", "\"type\": \"portmap\"", "\"type\": \"portmap\", \"backend\": \"ebpf\""),
        ];

    private static Fault[] Configs =>
        [
            new("no network config", FindingIds.ConflistMissing, static node => node.Shell($"mv {Conflist} /opt/10-pods.conflist"))
            {
                Repair = static node => node.Shell($"mv /opt/10-pods.conflist {Conflist}"),
            },
            new(
                "a torn network config",
                FindingIds.ConflistBroken,
                static node => node.Shell($"cp {Conflist} /opt/whole; truncate -s 70 {Conflist}")
            )
            {
                Repair = static node => node.Shell($"cp /opt/whole {Conflist}"),
            },
            new(
                "an empty list of plugins",
                FindingIds.ConflistBroken,
                static node =>
                    node.Shell(
                        $"cp {Conflist} /opt/whole; echo '{"{"}\"cniVersion\":\"1.0.0\",\"name\":\"pods\",\"plugins\":[]{"}"}' > {Conflist}"
                    )
            )
            {
                Repair = static node => node.Shell($"cp /opt/whole {Conflist}"),
            },
            new(
                "a config of a removed network that sorts first",
                FindingIds.ConflistSeveral,
                static node => node.Shell($"sed s/10.201.0/10.202.0/ {Conflist} > {PatientNode.ConfDirectory}/00-old.conflist")
            )
            {
                Proof = OfTheNetwork,
                Repair = static node => node.Shell($"rm {PatientNode.ConfDirectory}/00-old.conflist; ip link delete cni0"),
            },
            new(
                "podman's network sorts before the cluster's",
                FindingIds.ConflistSeveral,
                static node =>
                    node.Shell(
                        $"""
                        rm -f /etc/containers/containers.conf.d/*
                        printf '[network]\nnetwork_backend = "cni"\n' > /etc/containers/containers.conf.d/cni.conf
                        cd {PatientNode.ConfDirectory}
                        sed 's/10.201.0/10.202.0/; s/"pods"/"podman"/; s/cni0/cni-podman0/; s/, "1.1.0"//' {Conflist} > 09-podman.conflist
                        """
                    )
            )
            {
                Proof = OfTheNetwork,
            },
        ];

    private static Fault[] Executables =>
        [
            Executable("portmap is missing", "rm portmap"),
            Executable("the IPAM plugin is missing", "rm host-local"),
            Executable("the directory of plugins is missing", $"cd /; rm -r {Bin}"),
            Executable("the bridge is not executable", "chmod 0644 bridge"),
            Executable("the bridge is a copy that was not finished", "truncate -s 100000 bridge"),
            Executable("portmap is empty", ": > portmap"),
            Executable("portmap is for another processor", @"printf '\267\000' | dd of=portmap bs=1 seek=18 conv=notrunc status=none"),
            Executable("the bridge ends at once", @"printf '#!/bin/sh\nexit 3\n' > bridge"),
            Executable("portmap is of a release without the config's version", "cp /usr/lib/cni/portmap portmap") with
            {
                Proof = static node => node.TryAttach(8080),
            },
            Executable(
                "the plugins are on a filesystem without execution",
                $"cp -r {Bin} /opt/copy; mount -t tmpfs -o noexec bin {Bin}; cp /opt/copy/* {Bin}"
            ),
            new(
                "a plugin of the reference is missing",
                FindingIds.PluginMissing,
                static node =>
                {
                    node.Replace(Conflist, """, "1.1.0"]""", "]");
                    node.Replace(Conflist, """{ "type": "portmap",""", """{ "type": "tuning" }, { "type": "portmap",""");
                }
            )
            {
                Repair = static node => node.Shell($"cp /usr/lib/cni/tuning {Bin}"),
            },
        ];

    private static Fault Executable(string name, string script) =>
        new(name, FindingIds.PluginMissing, node => node.Shell($"cd {Bin}; {script}"));

    // The remedy's own command says that nothing is left.
    private static Fault Config(string name, string right, string wrong) =>
        new(name, FindingIds.PluginConfig, node => node.Replace(Conflist, right, wrong))
        {
            Repair = node =>
            {
                node.Replace(Conflist, wrong, right);
                node.Shell($"{Bin}/bridge validate < {Conflist}; {Bin}/portmap validate < {Conflist}");
            },
        };

    private static string? OfTheNetwork(PatientNode node)
    {
        var address = node.Attach().Address;
        return address.StartsWith("10.201.0.", StringComparison.Ordinal) ? null : $"a pod got {address}";
    }
}
