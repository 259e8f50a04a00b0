using Plugboard.Flannel;
using Plugboard.Hosting;

return CniProcess.Run(new FlannelPlugin(), args);
