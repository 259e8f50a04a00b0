using System.Text;
using Plugboard.Drivers;
using Plugboard.Linux;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;
using Plugboard.Volumes.Remote;

namespace Plugboard.Installer.FlexVolume;

/// <summary>Reports what a mount call would do, and whether its server answers; changes nothing.</summary>
internal static class Checker
{
    private const string ExampleUid = "00000000-0000-4000-8000-000000000000";

    /// <summary>The report; false where the call would fail.</summary>
    /// <param name="name">The driver.</param>
    /// <param name="json">The options.</param>
    /// <param name="space">The pod's namespace; null: as the options say, or "default".</param>
    public static (string Report, bool IsGood) Check(DriverName name, string json, string? space = null)
    {
        var driver = new Driver(name, Dialect.Find(name)!);
        try
        {
            var target = $"/var/lib/kubelet/pods/{ExampleUid}/volumes/{name.Tilded}/volume";
            var request = driver.RequestOf(FlexCall.Parse(["mount", target, json]));
            var backend = driver.OpenBackend();
            var report = new StringBuilder().Append(backend.Explain(Complete(request, space))).Append('\n');
            return backend is RemoteBackend remote ? CheckServer(remote, request, report) : (report.ToString(), true);
        }
        catch (Exception e) when (e is VolumeException or FlexException or ErrnoException)
        {
            return ($"it would fail: {Driver.Describe(e, name).Message}\n", false);
        }
    }

    // Calls by hand do not have kubelet's additions.
    private static PublishRequest Complete(PublishRequest request, string? space) =>
        request with
        {
            Name = request.Name.Length > 0 ? request.Name : "volume",
            Pod = new VolumePod(
                space ?? (request.Pod.Namespace.Length > 0 ? request.Pod.Namespace : "default"),
                request.Pod.Name.Length > 0 ? request.Pod.Name : "pod",
                request.Pod.Uid.Length > 0 ? request.Pod.Uid : ExampleUid,
                request.Pod.ServiceAccount
            ),
        };

    private static (string Report, bool IsGood) CheckServer(RemoteBackend backend, PublishRequest request, StringBuilder report)
    {
        var server = backend.ServerOf(request);
        var address = server.Resolve(backend.Name);
        var errno = server.Probe(address);
        report
            .Append("server ")
            .Append(server.Name)
            .Append(" is ")
            .Append(address)
            .Append(": ")
            .Append(server.Describe(errno))
            .Append('\n');
        return (report.ToString(), errno == Errno.None);
    }
}
