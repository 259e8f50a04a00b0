using System.Globalization;
using System.Text;
using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Installer.FlexVolume;

/// <summary>Runs installed drivers as kubelet does.</summary>
internal static class DriverCheck
{
    /// <summary>
    /// Runs <c>init</c> of each driver and examines every byte of the answer; false if an answer is not as kubelet wants it.
    /// </summary>
    public static (string Report, bool IsGood) Run(string directory, IReadOnlyList<DriverName> names)
    {
        var report = new StringBuilder();
        var good = true;
        foreach (var name in names)
        {
            var started = Environment.TickCount64;
            var problem = FindProblem($"{directory}/{name.Tilded}/{name.Driver}");
            var took = Environment.TickCount64 - started;
            report.AppendLine(CultureInfo.InvariantCulture, $"{name.Slashed}: {problem ?? $"ok, init in {took} ms"}");
            good &= problem is null;
        }

        return (report.ToString(), good);
    }

    private static string? FindProblem(string executable)
    {
        try
        {
            return Verification.FindProblemOfDriver(executable, executable);
        }
        catch (ErrnoException e)
        {
            return e.Message;
        }
    }
}
