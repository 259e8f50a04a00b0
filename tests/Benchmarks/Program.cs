using Plugboard.Benchmarks;

if (args.Length < 2 || args.Contains("--help"))
{
    Report.Line("usage: bench OUR_DIRECTORY REFERENCE_DIRECTORY [-n RUNS] [--pods PRESENT] [--parallel ADDS]");
    Report.Line("Both sides run the same network turn and turn about, each in a namespace and a data directory of its own.");
    return 2;
}

var options = BenchOptions.Parse(args);
using var machine = BenchMachine.Create();
return new Bench(options, machine).Run() ? 0 : 1;
