using Plugboard.Hosting;
using Plugboard.Loopback;

return CniProcess.Run(new LoopbackPlugin(), args);
