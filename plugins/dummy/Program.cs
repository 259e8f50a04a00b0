using Plugboard.Dummy;
using Plugboard.Hosting;

return CniProcess.Run(new DummyPlugin(), args);
