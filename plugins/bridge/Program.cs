using Plugboard.Bridge;
using Plugboard.Hosting;

return CniProcess.Run(new BridgePlugin(), args);
