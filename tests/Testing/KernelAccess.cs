using System.Runtime.InteropServices;
using Plugboard.Linux;
using static Tmds.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>Whether this process may make network namespaces.</summary>
public static class KernelAccess
{
    private static readonly Lazy<string?> refusal = new(Try);

    /// <summary>Why tests are skipped; null where they run. With CI=true they always run, and fail where they cannot.</summary>
    public static string? Refusal => refusal.Value;

    /// <summary>Why tests of a feature are skipped; null where they run.</summary>
    public static string? Lack(KernelFeature feature)
    {
        if (Environment.GetEnvironmentVariable("PLUGBOARD_KERNEL") == "full")
            return null;
        using var ns = new TestNamespace();
        var has = feature switch
        {
            KernelFeature.Dummy => Can(ns, "ip link add x0 type dummy"),
            KernelFeature.Vlan => Can(ns, "ip link add v0 type veth peer name v1") && Can(ns, "ip link add link v0 name x0 type vlan id 5"),
            KernelFeature.Ipip => Can(ns, "ip link add x0 type ipip local 192.0.2.1"),
            _ => Can(ns, "ip link add x0 type bridge vlan_filtering 1"),
        };
        return has ? null : $"this kernel lacks {feature}";
    }

    private static bool Can(TestNamespace ns, string commandLine) => ns.TryTool(commandLine.Split(' ')).ExitCode == 0;

    private static string? Try()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            return null;
        var errno = Errno.None;
        var thread = new Thread(() =>
        {
            if (unshare(CLONE_NEWNET) < 0)
                errno = (Errno)Marshal.GetLastPInvokeError();
        });
        thread.Start();
        thread.Join();
        return errno == Errno.None ? null : $"unshare(CLONE_NEWNET) is refused here: {ErrnoException.Describe(errno)}";
    }
}
