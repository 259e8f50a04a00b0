using Plugboard.Dhcp;
using Plugboard.Dhcp.Daemon;
using Plugboard.Hosting;

// The reference's own rule: the word decides, whatever the environment says.
return args is ["daemon", .. var flags] ? DaemonProcess.Run(flags) : CniProcess.Run(new DhcpPlugin(), args);
