using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting;

/// <summary>
/// The plugins of this product that wait for each other in one call, passed to each delegate in <see cref="Variable"/>: a plugin that is
/// called again while it waits would call its delegate again, without end. Other plugins between them pass the variable on with the rest of
/// their environment, as CNI's library does. Pure.
/// </summary>
internal static class Callers
{
    /// <summary>
    /// The variable: <c>containerID/ifname:outermost:…:caller</c>. What is said of another attachment, as in a process that one of the
    /// waiting plugins left behind, has no meaning.
    /// </summary>
    public const string Variable = "PLUGBOARD_CALLERS";

    private const char Separator = ':';

    /// <summary>The waiting plugins, outermost first; empty if no plugin waits.</summary>
    public static string[] Of(CniEnvironment call, string? variable)
    {
        if (string.IsNullOrEmpty(variable))
            return [];
        var parts = variable.Split(Separator);
        return parts[0] == Scope(call.ContainerId, call.IfName) ? parts[1..] : [];
    }

    /// <summary>The variable's value for a delegate of the call.</summary>
    public static string ToVariable(CniRequest request) =>
        $"{Variable}={Scope(request.ContainerId, request.IfName)}{Separator}{string.Join(Separator, request.Callers)}";

    /// <summary>Refuses to call a plugin that waits for this call.</summary>
    /// <exception cref="CniException">Code 7: it does.</exception>
    public static void RequireNoCircle(IReadOnlyList<string> callers, string next)
    {
        if (!callers.Contains(next))
            return;
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            callers.Count == 1
                ? $"{next} cannot be its own delegate"
                : $"delegates in a circle: {string.Join(", ", callers)} and then {next} again",
            $"ipam.type and delegate.type select the next plugin: use another one than {next}, such as host-local for ipam.type"
        );
    }

    private static string Scope(string containerId, string ifName) => $"{containerId}/{ifName}";
}
