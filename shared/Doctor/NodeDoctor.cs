using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor;

/// <summary>
/// Examines a node that does not work, and changes nothing on it. Runs in the calling thread's network namespace, which is the node's.
/// Possible work in progress, such as a link whose pod is being attached, counts only if a second examination finds it as well.
/// </summary>
public sealed class NodeDoctor
{
    private readonly DoctorOptions options;
    private readonly TimeProvider clock;
    private readonly IReadOnlyList<ICheck> checks;

    /// <summary>A doctor with all checks.</summary>
    /// <param name="options">The node.</param>
    /// <param name="clock">The clock, for the age of files.</param>
    public NodeDoctor(DoctorOptions options, TimeProvider clock)
        : this(options, clock, All) { }

    internal NodeDoctor(DoctorOptions options, TimeProvider clock, IReadOnlyList<ICheck> checks)
    {
        this.options = options;
        this.clock = clock;
        this.checks = checks;
    }

    private static IReadOnlyList<ICheck> All =>
        [
            new ConflistCheck(),
            new PluginFileCheck(),
            new RuntimeCheck(),
            new PluginCheck(),
            new TemporaryFileCheck(),
            new DhcpDaemonCheck(),
            new SubnetFileCheck(),
            new BridgeAddressCheck(),
            new BridgeFullCheck(),
            new SubnetOverlapCheck(),
            new KernelCheck(),
            new SysctlCheck(),
            new ForwardChainCheck(),
            new IptablesMixCheck(),
            new ForeignSnatCheck(),
            new PolicyLeftoverCheck(),
            new PodRulesCheck(),
            new MtuCheck(),
            new LeaseCheck(),
            new RangeCheck(),
            new HostPortCheck(),
            new VethCheck(),
            new PodLinkCheck(),
            new ShapingCheck(),
            new AcceptedPodCheck(),
            new StateFileCheck(),
            new VolumeCheck(),
            new LockCheck(),
        ];

    /// <summary>Runs all checks.</summary>
    public DoctorReport Examine()
    {
        var start = clock.GetTimestamp();
        var findings = Look(checks);
        findings.Sort(
            static (a, b) =>
                a.Severity == b.Severity ? string.CompareOrdinal(a.Id + a.Subject, b.Id + b.Subject) : b.Severity.CompareTo(a.Severity)
        );
        return new DoctorReport(findings, clock.GetElapsedTime(start));
    }

    /// <summary>Runs the checks of such findings again.</summary>
    internal List<Finding> LookAgain(IEnumerable<Finding> known) =>
        Look([.. known.Select(static finding => finding.By).OfType<ICheck>().Distinct()]);

    private List<Finding> Look(IReadOnlyList<ICheck> some)
    {
        var first = LookOnce(some);
        var doubtful = first.FindAll(static finding => finding.MayPass);
        if (doubtful.Count == 0)
            return first;
        using (var wait = new ManualResetEventSlim())
            wait.Wait(options.SecondLook);
        var second = LookOnce([.. doubtful.Select(static finding => finding.By!).Distinct()]);
        // What was not doubtful is taken from the first look, what was from the second: its fix knows the later state.
        first.RemoveAll(static finding => finding.MayPass);
        first.AddRange(second.Where(finding => finding.MayPass && doubtful.Exists(finding.IsSame)));
        return first;
    }

    private List<Finding> LookOnce(IReadOnlyList<ICheck> some)
    {
        var node = new Node(options, clock);
        var findings = new List<Finding>();
        foreach (var check in some)
            Run(check, node, findings);
        return findings;
    }

    private static void Run(ICheck check, Node node, List<Finding> findings)
    {
        try
        {
            // A finding from before the failure is still true.
            foreach (var finding in check.Examine(node))
                findings.Add(finding with { By = check });
        }
        catch (Exception e)
        {
            findings.Add(
                new Finding(
                    FindingIds.CheckNotRun,
                    Severity.Warning,
                    $"{check.Name}: {e.Message}",
                    "problems there are not found",
                    "run it as root, on the node's own network (in a pod: hostNetwork, privileged)"
                )
                {
                    Subject = check.Name,
                    By = check,
                }
            );
        }
    }
}

/// <summary>What an examination found.</summary>
/// <param name="Findings">What is wrong, what matters most first.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record DoctorReport(IReadOnlyList<Finding> Findings, TimeSpan Elapsed)
{
    /// <summary>True if nothing was found that is more than a notice.</summary>
    public bool IsHealthy => !Findings.Any(static finding => finding.Severity > Severity.Notice);
}
