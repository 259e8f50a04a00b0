namespace Plugboard.Firewall.HostPorts;

/// <summary>A transport protocol that has ports. The values are the IP header's. Source: include/uapi/linux/in.h (IPPROTO_*).</summary>
public enum PortProtocol : byte
{
    /// <summary>TCP.</summary>
    Tcp = 6,

    /// <summary>UDP.</summary>
    Udp = 17,

    /// <summary>SCTP.</summary>
    Sctp = 132,
}
