using Plugboard.Dhcp;
using Plugboard.Dhcp.Daemon;
using Plugboard.Hosting;

// The reference's own rule: the word decides, whatever the environment says.
return args switch
{
    ["daemon", .. var flags] => DaemonProcess.Run(flags),
    ["handover", .. var flags] => Handover.Run(flags),
    _ => CniProcess.Run(new DhcpPlugin(), args),
};
