using Plugboard.Benchmarks;
using Plugboard.Linux.Namespaces;

if (args.Length < 2 || args.Contains("--help"))
{
    Report.Line(
        "usage: bench OUR_DIRECTORY REFERENCE_DIRECTORY [-n RUNS] [--pods PRESENT] [--parallel ADDS] [--only basic|full] [--volumes "
            + "| --plugins | --installer | --masquerade | --policy | --coordinator | --leases]"
    );
    Report.Line("--volumes: the FlexVolume driver only, beside a driver in shell.");
    Report.Line("--plugins: each of the other plugins only, its ADD and DEL.");
    Report.Line("--installer: the installer only, on folders that stand for hosts.");
    Report.Line("--masquerade: the coordinator's masquerading only, beside ip-masq-agent's way.");
    Report.Line("--policy: network policy only, beside kube-router's shape of rules.");
    Report.Line("--coordinator: the coordinator with 100 and with 5,000 nodes only.");
    Report.Line("--leases: of these only those with leases in etcd.");
    Report.Line("Both sides run the same network turn and turn about, each in a namespace and a data directory of its own.");
    return 2;
}

var options = BenchOptions.Parse(args);
using var machine = BenchMachine.Create();
if (args.Contains("--installer"))
    return new InstallerBench(options, machine.AddDirectory()).Run() ? 0 : 1;
if (args.Contains("--plugins"))
    return new PluginBench(options, machine).Run() ? 0 : 1;
var coordinator = new CoordinatorBench(Path.Combine(args[0], "coordinator"), machine.AddDirectory());
if (args.Contains("--leases"))
    return NamespaceThread.Run(machine.Open(machine.AddNamespace("peers")), coordinator.RunLeases) ? 0 : 1;
if (args.Contains("--coordinator"))
    return NamespaceThread.Run(machine.Open(machine.AddNamespace("peers")), coordinator.Run) ? 0 : 1;
if (args.Contains("--policy"))
    return new PolicyBench(options, machine).Run() ? 0 : 1;
var masquerade = new MasqueradeBench(options, machine.AddDirectory());
if (args.Contains("--masquerade"))
    return NamespaceThread.Run(machine.Open(machine.AddNamespace("masq")), masquerade.Run) ? 0 : 1;
var reached = new VolumeBench(options, machine.AddDirectory()).Run();
if (!args.Contains("--volumes"))
{
    foreach (var network in options.Networks)
        reached &= new Bench(options, machine, network).Run();
    reached &= NamespaceThread.Run(machine.Open(machine.AddNamespace("masq")), masquerade.Run);
    reached &= NamespaceThread.Run(machine.Open(machine.AddNamespace("peers")), coordinator.Run);
}

Report.Line(reached ? "All ratios are reached." : "Some ratios are not reached.");
return reached ? 0 : 1;
