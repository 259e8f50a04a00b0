using Plugboard.Hosting;
using Plugboard.Macvlan;

return CniProcess.Run(new MacvlanPlugin(), args);
