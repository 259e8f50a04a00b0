using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Benchmarks;

/// <summary>The namespaces and directories of one run. The process is in a mount namespace of its own, so nothing outlives it.</summary>
internal sealed class BenchMachine : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("plugboard-bench").FullName;
    private readonly ConcurrentBag<string> namespaces = [];
    private int count;

    /// <summary>Prepares an empty /run with /run/netns, and an empty /var/lib, in the mount namespace that build.sh made.</summary>
    public static BenchMachine Create()
    {
        foreach (var place in new[] { "/run", "/var/lib" })
            Tool("/bin/mount", "-t", "tmpfs", "bench", place);
        Directory.CreateDirectory("/run/netns");
        return new BenchMachine();
    }

    /// <summary>A new network namespace; its name is also a container id.</summary>
    public string AddNamespace(string prefix)
    {
        var name = prefix + Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture);
        Tool("/sbin/ip", "netns", "add", name);
        namespaces.Add(name);
        return name;
    }

    /// <summary>Removes all namespaces made so far, so that the next measurement has the kernel for itself.</summary>
    public void RemoveNamespaces()
    {
        while (namespaces.TryTake(out var name))
            Tool("/sbin/ip", "netns", "del", name);
    }

    /// <summary>Lets the kernel end what it has put off: neighbour discovery of hundreds of new links goes on for seconds.</summary>
    public static void Settle() => Tool("/bin/sleep", "3");

    /// <summary>Opens a namespace.</summary>
    public NetworkNamespace Open(string name) => NetworkNamespace.Open("/run/netns/" + name);

    /// <summary>A new directory for one side's leases.</summary>
    public string AddDirectory() =>
        Directory
            .CreateDirectory(Path.Combine(directory, Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture)))
            .FullName;

    /// <summary>Runs a tool that must succeed.</summary>
    public static string Tool(string path, params string[] arguments)
    {
        var result = new Command(path) { Arguments = arguments, Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] }.Run();
        if (!result.Succeeded)
            throw new InvalidOperationException($"{path} {string.Join(' ', arguments)}: {Encoding.UTF8.GetString(result.Error)}");
        return Encoding.UTF8.GetString(result.Output);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(directory, recursive: true);
}
