using System.CommandLine;
using System.Runtime.InteropServices;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Command = System.CommandLine.Command;

namespace Plugboard.Coordinator.Cli;

/// <summary>The verbs of the command line.</summary>
internal sealed class Verbs
{
    private readonly CommandOptions options = new();
    private readonly Option<OutputFormat> output = new("--output")
    {
        Description = "table or json.",
        HelpName = "table|json",
        DefaultValueFactory = _ => OutputFormat.Table,
    };
    private readonly Option<int> timeout = new("--timeout")
    {
        Description = "Seconds to wait for complete lists of nodes and, with --network-policy api, of the objects of policy.",
        DefaultValueFactory = _ => 10,
    };
    private readonly ConnectionArguments connection = new();
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only prints what would be removed." };

    /// <summary>Reads a command line.</summary>
    public ParseResult Parse(IReadOnlyList<string> args) =>
        Root()
            .Parse(
                options.Spell(
                    args,
                    [output, timeout, dryRun, .. connection.Options],
                    line => StandardError.WriteLine($"coordinator: {line}")
                )
            );

    /// <summary>Runs the verb of a command line.</summary>
    /// <returns>The exit code: 1 if the command line is wrong, which is one line on standard error.</returns>
    /// <exception cref="SettingException">A flag is unknown, or has an invalid value.</exception>
    public int Invoke(IReadOnlyList<string> args)
    {
        var parsed = Parse(args);
        if (FindUsageError(parsed) is { } error)
            throw new SettingException(error);
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static string? FindUsageError(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0)
            return null;
        var verb = parsed.CommandResult.Command;
        if (verb is not RootCommand root)
            return $"{parsed.Errors[0].Message.TrimEnd('.')}; coordinator {verb.Name} --help lists arguments and flags";
        var verbs = root.Subcommands.Select(static each => each.Name).ToList();
        var given = parsed.UnmatchedTokens.Count == 0 ? null : parsed.UnmatchedTokens[0];
        return (given is null ? "no verb is given" : $"unknown verb {given}{Spelling.Hint(given, verbs)}")
            + $"; one of {string.Join(", ", verbs)}; coordinator --help describes them";
    }

    private RootCommand Root()
    {
        var root = new RootCommand(
            "The node's network daemon: routes to other nodes' pods, masquerading, and the files that the CNI plugins read."
        );
        root.Subcommands.Add(Verb("run", "Runs the agent until SIGTERM; rules and routes stay.", Run));
        root.Subcommands.Add(
            Verb(
                "plan",
                "Prints what run would change; exit code 2 if there are changes, 1 if there is a problem.",
                parsed => Once(parsed, static (reconciler, view) => reconciler.Plan(view)),
                output,
                timeout
            )
        );
        root.Subcommands.Add(Verb("apply", "Changes the node once and exits; exit code 1 if a problem remains.", Apply, output, timeout));
        root.Subcommands.Add(
            Verb(
                "audit",
                "Prints how each peer is reached, which nodes are refused, and what differs from the plan; changes nothing.",
                Audit,
                output,
                timeout
            )
        );
        var explain = Verb(
            "explain",
            "Explains the path of a packet from this node: route, masquerading, neighbour, tunnel, policies; exit code 1 if it is dropped "
                + "here.",
            Explain,
            [output, timeout, .. connection.Options]
        );
        foreach (var argument in connection.Arguments)
            explain.Arguments.Add(argument);
        root.Subcommands.Add(explain);
        root.Subcommands.Add(
            Verb("policies", "Prints this node's pods and the policies that isolate each; changes nothing.", Policies, output, timeout)
        );
        root.Subcommands.Add(Verb("cleanup", "Removes all that the coordinator made on this node.", Cleanup, output, dryRun));
        return root;
    }

    private Command Verb(string name, string description, Func<ParseResult, int> act, params ReadOnlySpan<Option> own)
    {
        var command = new Command(name, description);
        foreach (var option in options.All)
            command.Options.Add(option);
        foreach (var option in own)
            command.Options.Add(option);
        command.SetAction(parsed => Guarded(parsed, act));
        return command;
    }

    private static int Guarded(ParseResult parsed, Func<ParseResult, int> act)
    {
        try
        {
            return act(parsed);
        }
        catch (Exception e) when (e is SettingException or Linux.ErrnoException)
        {
            StandardError.WriteLine($"coordinator: {e.Message}");
            return 1;
        }
#pragma warning disable CA1031 // Whatever it is: a verb ends with a sentence and an exit code, never with an abort.
        catch (Exception e)
#pragma warning restore CA1031
        {
            StandardError.WriteLine($"coordinator: unexpected error, please report it: {Fault.Describe(e)}");
            return 1;
        }
    }

    private static SyncOutcome Try(IReconciler reconciler, ClusterView view, Func<IReconciler, ClusterView, SyncOutcome> act) =>
        Try(() => act(reconciler, view));

    private static SyncOutcome Try(Func<SyncOutcome> act)
    {
        try
        {
            return act();
        }
#pragma warning disable CA1031 // As in the engine: one reconciler's failure must not end the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new SyncOutcome([], [Fault.Describe(e)]);
        }
    }

    private Settings ReadSettings(ParseResult parsed) => new SettingsReader(options, parsed, StandardError.WriteLine).Read();

    private int Run(ParseResult parsed)
    {
        var settings = ReadSettings(parsed);
        using var ending = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, ending));
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, ending));
        using var alone = InstanceLock.Take(InstanceLock.Directory, TimeSpan.FromSeconds(5), StandardError.WriteLine);
        using var coordinator = NodeCoordinator.Open(settings, StandardError.WriteLine);
        Restore(coordinator, settings);
        if (settings.Policy is null)
            RemovePolicies();
        using var engine = coordinator.CreateEngine(StandardError.WriteLine);
        using var server = new StatusServer(engine, TimeProvider.System, coordinator.ReadPolicyState);
        if (settings.HealthzPort > 0)
            Serve(server, settings);
        engine.Run(ending.Token);
        return 0;
    }

    // If it cannot be restored, the source may still deliver it, and the files' reconciler reports the obstacle.
    private static void Restore(NodeCoordinator coordinator, Settings settings)
    {
        try
        {
            if (coordinator.Files?.Restore() is not null)
                StandardError.WriteLine($"{settings.Files!.SubnetFile}: restored from the state that was confirmed before the reboot");
        }
        catch (Exception e) when (e is Linux.ErrnoException or IOException)
        {
            StandardError.WriteLine(
                $"{settings.Files!.SubnetFile}: the last confirmed content cannot be restored; it is written when the source delivers it: "
                    + $"{e.Message}"
            );
        }
    }

    // The rules of an earlier run would cut off pods for policies that this one does not read.
    private static void RemovePolicies()
    {
        try
        {
            var outcome = PolicyReconciler.RemoveEarlier(new PodStarts());
            foreach (var line in outcome.Changes.Select(static change => change.ToString()).Concat(outcome.Problems))
                StandardError.WriteLine($"policy: {line}");
        }
        catch (Linux.ErrnoException e)
        {
            StandardError.WriteLine($"policy: the rules of an earlier run cannot be looked for: {e.Message}");
        }
    }

    private static void Serve(StatusServer server, Settings settings)
    {
        try
        {
            server.Start(settings.HealthzIP, settings.HealthzPort);
        }
        catch (System.Net.Sockets.SocketException e) when (e.SocketErrorCode == System.Net.Sockets.SocketError.AddressAlreadyInUse)
        {
            StandardError.WriteLine(
                $"--healthz-ip {settings.HealthzIP} --healthz-port {settings.HealthzPort}: {e.Message}: /healthz, /readyz and "
                    + "/metrics are answered when the port is free (ss -ltnp shows its owner)"
            );
            server.StartLater(() => server.Start(settings.HealthzIP, settings.HealthzPort), StandardError.WriteLine);
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or FormatException)
        {
            throw new SettingException(
                $"--healthz-ip {settings.HealthzIP} --healthz-port {settings.HealthzPort}: cannot be listened on: {e.Message}"
            );
        }
    }

    private static void End(PosixSignalContext context, CancellationTokenSource ending)
    {
        // The process ends by itself, when the round that may be under way is over.
        context.Cancel = true;
        ending.Cancel();
    }

    private int Apply(ParseResult parsed)
    {
        var areUsable = true;
        var report = Report(
            parsed,
            (reconciler, view) =>
            {
                if (reconciler.WaitsForOthers && !areUsable)
                    return new SyncOutcome([], ["not written: an earlier step is not complete"]);
                var outcome = reconciler.Sync(view, SyncCause.Start);
                areUsable &= outcome.IsUsable;
                return outcome;
            }
        );
        Print(parsed, report);
        return report.IsRight ? 0 : 1;
    }

    private int Once(ParseResult parsed, Func<IReconciler, ClusterView, SyncOutcome> act) => Print(parsed, Report(parsed, act));

    private PlanReport Report(ParseResult parsed, Func<IReconciler, ClusterView, SyncOutcome> act)
    {
        using var coordinator = NodeCoordinator.Open(ReadSettings(parsed), StandardError.WriteLine);
        var (view, notReady, snapshot) = coordinator.ReadOnce(TimeSpan.FromSeconds(parsed.GetValue(timeout)));
        var outcomes = view is null
            ? []
            : coordinator.Reconcilers.Select(reconciler => (reconciler.Name, Try(reconciler, view, act))).ToList();
        Warn(coordinator);
        return new PlanReport(snapshot.IsComplete ? notReady : snapshot.Fault ?? notReady, view?.Refused ?? [], outcomes);
    }

    private static void Warn(NodeCoordinator coordinator)
    {
        foreach (var reconciler in coordinator.Reconcilers)
        {
            foreach (var warning in reconciler.Warnings)
                StandardError.WriteLine($"{reconciler.Name}: warning: {warning}");
        }
    }

    private int Audit(ParseResult parsed)
    {
        using var coordinator = NodeCoordinator.Open(ReadSettings(parsed), StandardError.WriteLine);
        var (view, notReady, snapshot) = coordinator.ReadOnce(TimeSpan.FromSeconds(parsed.GetValue(timeout)));
        var outcomes = view is null
            ? []
            : coordinator
                .Reconcilers.Select(reconciler => (reconciler.Name, Try(reconciler, view, static (each, whole) => each.Plan(whole))))
                .ToList();
        Warn(coordinator);
        var report = new PlanReport(snapshot.IsComplete ? notReady : snapshot.Fault ?? notReady, view?.Refused ?? [], outcomes);
        if (parsed.GetValue(output) == OutputFormat.Table && view is not null)
            parsed.InvocationConfiguration.Output.Write(PeerTable.Render(view, coordinator.Routes.LastPlan));
        return Print(parsed, report);
    }

    private int Print(ParseResult parsed, PlanReport report)
    {
        parsed.InvocationConfiguration.Output.Write(parsed.GetValue(output) == OutputFormat.Json ? report.ToJson() : report.ToText());
        return report.ExitCode;
    }

    private int Explain(ParseResult parsed)
    {
        using var coordinator = NodeCoordinator.Open(ReadSettings(parsed), StandardError.WriteLine);
        var patience = TimeSpan.FromSeconds(parsed.GetValue(timeout));
        var asked = connection.Read(parsed, () => coordinator.ReadPolicies(patience));
        var (view, notReady, _) = coordinator.ReadOnce(patience);
        if (view is null)
            throw new SettingException(notReady!);
        var explanation = coordinator.Explain(view, asked);
        var text =
            parsed.GetValue(output) == OutputFormat.Json
                ? PlanReport.ToJson(explanation.Steps)
                : string.Concat(explanation.Steps.Select(step => $"{step.Step, -11} {step.Text}\n"));
        parsed.InvocationConfiguration.Output.Write(text);
        return explanation.IsSent ? 0 : 1;
    }

    private int Policies(ParseResult parsed)
    {
        var settings = ReadSettings(parsed);
        using var coordinator = NodeCoordinator.Open(settings, StandardError.WriteLine);
        var report = PolicyReport.Of(coordinator.ReadPolicies(TimeSpan.FromSeconds(parsed.GetValue(timeout))), settings.Policy!.NodeName);
        parsed.InvocationConfiguration.Output.Write(parsed.GetValue(output) == OutputFormat.Json ? report.ToJson() : report.ToText());
        return 0;
    }

    private int Cleanup(ParseResult parsed)
    {
        // All objects that the coordinator may have made, also with other options than these.
        var settings = ReadSettings(parsed);
        using var coordinator = NodeCoordinator.Open(
            settings with
            {
                Masquerade = settings.Masquerade ?? new MasqueradeOptions(),
                Policy = settings.Policy ?? new PolicyOptions { NodeName = settings.NodeName },
            },
            StandardError.WriteLine
        );
        // The conflist, which makes the runtime report the node as ready, goes first.
        var outcomes = coordinator
            .Reconcilers.Reverse()
            .Select(reconciler => (reconciler.Name, Try(() => reconciler.Remove(parsed.GetValue(dryRun)))))
            .ToList();
        var report = new PlanReport(null, [], outcomes);
        Print(parsed, report);
        return report.IsRight ? 0 : 1;
    }
}

/// <summary>How a verb prints.</summary>
internal enum OutputFormat
{
    /// <summary>Lines for people.</summary>
    Table,

    /// <summary>One JSON document.</summary>
    Json,
}
