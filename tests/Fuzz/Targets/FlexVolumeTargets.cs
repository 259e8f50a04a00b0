using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Documents;
using Plugboard.Drivers;
using Plugboard.Installer.FlexVolume.Conversion;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Tests.Fuzz.Mutations;
using Plugboard.Volumes;
using Plugboard.Volumes.Local;
using Plugboard.Volumes.Loop;
using Plugboard.Volumes.Remote;
using Plugboard.Volumes.Tmpfs;

namespace Plugboard.Tests.Fuzz.Targets;

/// <summary>What kubelet passes to a FlexVolume driver, a node's config, and the manifests that people convert.</summary>
internal static partial class FlexVolumeTargets
{
    private const string Target = "/var/lib/kubelet/pods/00000000-0000-4000-8000-000000000000/volumes/a~b/volume";
    private const string Secret = "c2VjcmV0LXRoYXQtbXVzdC1ub3QtYmUtdG9sZA==";

    private static readonly Type[] refusals =
    [
        typeof(FlexException),
        typeof(VolumeException),
        typeof(MissingOptionException),
        typeof(MissingSecretException),
        typeof(MissingNamespaceException),
        typeof(FlexConfigKeyException),
        typeof(DocumentException),
    ];

    private static readonly VolumePolicy policy = new() { Roots = ["/srv/volumes"], AllowedMountOptions = ["soft", "vers"] };
    private static readonly string[] drivers =
    [
        "plugboard~local",
        "plugboard~loop",
        "plugboard~tmpfs",
        "plugboard~nfs",
        "plugboard~cifs",
        "plugboard~uds",
        "alicloud~nas",
        "k8s~nfs",
        "kvaps~loop",
        "fstab~cifs",
        "microsoft.com~smb",
        "ramax.com~local-storage",
    ];

    public static IReadOnlyList<FuzzTarget> All =>
        [
            new("flex-options", InputForm.Json, Options, refusals),
            new("flex-config", InputForm.Json, Config, refusals),
            new("flex-convert", InputForm.Yaml, Convert, refusals),
        ];

    private static bool Options(byte[] input)
    {
        var json = Encoding.UTF8.GetString(input);
        var accepted = false;
        foreach (var tilded in drivers)
        {
            var name = DriverName.Find(tilded) ?? throw new FuzzFailure($"{tilded} is no driver's name");
            var dialect = Dialect.Find(name) ?? throw new FuzzFailure($"{tilded} has no dialect");
            try
            {
                Plan(dialect.Backend, new Driver(name, dialect).RequestOf(FlexCall.Parse(["mount", Target, json])));
                accepted = true;
            }
            catch (Exception e) when (refusals.Contains(e.GetType()))
            {
                RequireSilent(e.Message, input);
                if (Trial.FindFault(e.Message, input) is { } fault)
                    throw fault;
            }
        }

        return accepted;
    }

    private static void Plan(string backend, PublishRequest request)
    {
        _ = backend switch
        {
            "local" => LocalPlan.From(request, policy).ToString(),
            "loop" => LoopPlan.From(request, policy).ToString(),
            "tmpfs" => TmpfsPlan.From(request, policy).ToString(),
            "nfs" => NfsPlan.From(request, policy).ToString(),
            "cifs" => CifsPlan.From(request, policy).ToString(),
            _ => request.Name,
        };
    }

    // A Secret's value is in no message, unless it is the value of an option too.
    private static void RequireSilent(string message, byte[] input)
    {
        var others = AsSecret().Replace(Encoding.UTF8.GetString(input), "");
        FuzzFailure.Unless(
            !message.Contains("secret-that-must-not-be-told", StringComparison.Ordinal),
            "a message has a Secret's decoded value"
        );
        FuzzFailure.Unless(
            others.Contains(Secret, StringComparison.Ordinal) || !message.Contains(Secret, StringComparison.Ordinal),
            "a message has a Secret's value"
        );
    }

    [GeneratedRegex("\"kubernetes.io/secret/[^\"]*\"\\s*:\\s*\"[^\"]*\"", RegexOptions.CultureInvariant)]
    private static partial Regex AsSecret();

    private static bool Config(byte[] input)
    {
        _ = FlexConfig.Parse(input);
        return true;
    }

    private static bool Convert(byte[] input)
    {
        FuzzFailure.Unless(Converter.Convert(input).Text.Length > 0, "what is converted is nothing");
        return true;
    }
}
