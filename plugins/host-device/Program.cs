using Plugboard.HostDevice;
using Plugboard.Hosting;

return CniProcess.Run(new HostDevicePlugin(), args);
