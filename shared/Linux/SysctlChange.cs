namespace Plugboard.Linux;

/// <summary>A kernel setting to write.</summary>
/// <param name="Name">Its name, such as <c>net/ipv4/ip_forward</c>.</param>
/// <param name="Value">The value to write.</param>
public readonly record struct SysctlChange(string Name, string Value)
{
    /// <summary>As sysctl(8) has it: <c>net.ipv4.ip_forward=1</c>.</summary>
    public override string ToString() => $"{Sysctl.Dotted(Name)}={Value}";
}
