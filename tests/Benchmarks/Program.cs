using Plugboard.Benchmarks;

if (args.Length < 2 || args.Contains("--help"))
{
    Report.Line("usage: bench OUR_DIRECTORY REFERENCE_DIRECTORY [-n RUNS] [--pods PRESENT] [--parallel ADDS] [--volumes]");
    Report.Line("--volumes: the FlexVolume driver only, beside a driver in shell.");
    Report.Line("Both sides run the same network turn and turn about, each in a namespace and a data directory of its own.");
    return 2;
}

var options = BenchOptions.Parse(args);
using var machine = BenchMachine.Create();
var volumes = new VolumeBench(options, machine.AddDirectory()).Run();
if (args.Contains("--volumes"))
    return volumes ? 0 : 1;
return new Bench(options, machine).Run() & volumes ? 0 : 1;
