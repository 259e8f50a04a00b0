using Plugboard.Hosting;
using Plugboard.Tuning;

return CniProcess.Run(new TuningPlugin(), args);
