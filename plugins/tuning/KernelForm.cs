using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Tuning;

/// <summary>
/// What the kernel makes of a setting's text. It reads hexadecimal and octal numbers, rounds times to ticks of its clock and joins the
/// parts of lists: what is read after ADD may differ from what was written, without a change since. Source: kernel/sysctl.c.
/// </summary>
internal static class KernelForm
{
    /// <summary>
    /// The value that is read once it is set, found out in a network namespace of its own; null if it cannot be set there.
    /// </summary>
    public static string? Find(WantedSysctl setting)
    {
        var name = NameOf(setting.Name);
        try
        {
            return NamespaceThread.RunInNew(() => Sysctl.TrySet(name, setting.Value) is null ? Sysctl.Find(name) : null);
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    // A fresh namespace has no interface but lo.
    private static string NameOf(string name) =>
        name.Split('/') is ["net", var family, "conf" or "neigh", not ("all" or "default"), .. var rest]
            ? string.Join('/', ["net", family, name.Split('/')[2], "lo", .. rest])
            : name;
}
