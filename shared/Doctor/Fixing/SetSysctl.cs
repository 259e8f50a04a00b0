using Plugboard.Linux;

namespace Plugboard.Doctor.Fixing;

/// <summary>Sets a kernel setting until the next boot.</summary>
/// <param name="name">Its name, such as <c>net/ipv4/ip_forward</c>.</param>
/// <param name="value">What it is to be.</param>
internal sealed class SetSysctl(string name, string value) : Fix($"set {name.Replace('/', '.')} to {value} until the next boot")
{
    private string? had;

    /// <inheritdoc/>
    public override bool Apply() => (had = Sysctl.Ensure(name, value)) is not null && had != value;

    /// <inheritdoc/>
    public override void Undo()
    {
        if (had is not null)
            Sysctl.TryWrite(name, had);
    }
}
