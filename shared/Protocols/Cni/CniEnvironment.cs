using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// The variables of a call, validated for its command as the CNI library does. Source: CNI specification 1.1.0, section 2.
/// </summary>
public sealed class CniEnvironment
{
    /// <summary>The longest container id and network's name that can be a file's name (NAME_MAX).</summary>
    internal const int LongestName = 255;

    /// <summary>CNI_COMMAND as it came.</summary>
    public string Command { get; private init; } = "";

    /// <summary>The command; null if its name is unknown.</summary>
    public CniVerb? Verb { get; private init; }

    /// <summary>CNI_CONTAINERID.</summary>
    public string ContainerId { get; private init; } = "";

    /// <summary>CNI_NETNS.</summary>
    public string NetNs { get; private init; } = "";

    /// <summary>CNI_IFNAME.</summary>
    public string IfName { get; private init; } = "";

    /// <summary>CNI_ARGS.</summary>
    public string Args { get; private init; } = "";

    /// <summary>CNI_PATH.</summary>
    public string Path { get; private init; } = "";

    /// <summary>CNI_NETNS_OVERRIDE: the namespace may be the plugin's own.</summary>
    public bool NetNsOverride { get; private init; }

    /// <summary>Reads and validates the variables. A command of an unknown name requires nothing.</summary>
    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <exception cref="CniException">Code 4: one is wrong, or some are missing.</exception>
    public static CniEnvironment Parse(Func<string, string?> variable)
    {
        var command = variable("CNI_COMMAND") ?? "";
        var flag = variable("CNI_NETNS_OVERRIDE") ?? "";
        var environment = new CniEnvironment
        {
            Command = command,
            Verb = VerbOf(command),
            ContainerId = variable("CNI_CONTAINERID") ?? "",
            NetNs = variable("CNI_NETNS") ?? "",
            IfName = variable("CNI_IFNAME") ?? "",
            Args = variable("CNI_ARGS") ?? "",
            Path = variable("CNI_PATH") ?? "",
            NetNsOverride = flag == "1" || string.Equals(flag, "TRUE", StringComparison.OrdinalIgnoreCase),
        };
        environment.Validate();
        return environment;
    }

    /// <summary>What a call of another plugin for the same container is given.</summary>
    /// <exception cref="CniException">Code 4: the verb needs what <paramref name="request"/> has not.</exception>
    public static CniEnvironment For(CniRequest request, CniVerb verb)
    {
        var environment = new CniEnvironment
        {
            Command = NameOf(verb),
            Verb = verb,
            ContainerId = request.ContainerId,
            NetNs = request.NetNs,
            IfName = request.IfName,
            Args = request.Args,
            Path = request.Path,
            NetNsOverride = request.NetNsOverride,
        };
        environment.Validate();
        return environment;
    }

    /// <summary>The name of a verb in CNI_COMMAND.</summary>
    public static string NameOf(CniVerb verb) =>
        verb switch
        {
            CniVerb.Add => "ADD",
            CniVerb.Del => "DEL",
            CniVerb.Check => "CHECK",
            CniVerb.Gc => "GC",
            CniVerb.Status => "STATUS",
            _ => "VERSION",
        };

    private static CniVerb? VerbOf(string command) =>
        command switch
        {
            "ADD" => CniVerb.Add,
            "DEL" => CniVerb.Del,
            "CHECK" => CniVerb.Check,
            "GC" => CniVerb.Gc,
            "STATUS" => CniVerb.Status,
            "VERSION" => CniVerb.Version,
            _ => null,
        };

    // The library's order: a variable that is set is judged at once and hides what is missing after it.
    private void Validate()
    {
        var container = Verb is CniVerb.Add or CniVerb.Del or CniVerb.Check;
        var missing = "";
        if (Command.Length == 0)
            Miss(ref missing, "CNI_COMMAND");
        if (container && ContainerId.Length == 0)
            Miss(ref missing, "CNI_CONTAINERID");
        else if (container && !IsName(ContainerId))
            throw Invalid("invalid characters in containerID", Excerpt.Of(ContainerId));
        if (Verb is CniVerb.Add or CniVerb.Check && NetNs.Length == 0)
            Miss(ref missing, "CNI_NETNS");
        if (container && IfName.Length == 0)
            Miss(ref missing, "CNI_IFNAME");
        else if (container)
            ValidateIfName(IfName, isToBeMade: Verb == CniVerb.Add);
        if ((container || Verb is CniVerb.Gc or CniVerb.Status) && Path.Length == 0)
            Miss(ref missing, "CNI_PATH");
        if (missing.Length > 0)
            throw Invalid($"required env variables [{missing}] missing", "");
        if (Verb == CniVerb.Add)
            RequireStorable();
    }

    // What the node cannot keep in a file and read back must not be begun. Only ADD: whatever an earlier build has stored must be released.
    private void RequireStorable()
    {
        if (ContainerId.Length > LongestName)
            throw Invalid(
                "containerID is too long",
                $"it has {ContainerId.Length} characters; it names files on the node, which have at most {LongestName}"
            );
        if (HasControl(IfName))
            throw Invalid("interface name contains control characters or is not UTF-8", "CNI_IFNAME is a name such as eth0");
        if (HasControl(NetNs))
            throw Invalid(
                "CNI_NETNS contains control characters or is not UTF-8",
                "it is the path of a network namespace, such as /run/netns/NAME"
            );
    }

    // What is no UTF-8 in the environment was read as U+FFFD and is not what the runtime wrote.
    private static bool HasControl(string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) || c == '\ufffd')
                return true;
        }

        return false;
    }

    private static void Miss(ref string missing, string name) => missing = missing.Length == 0 ? name : missing + "," + name;

    /// <summary>
    /// True for a letter or digit, then letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, all ASCII: a container id, a network's name.
    /// </summary>
    internal static bool IsName(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-'))
                return false;
        }

        return text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]);
    }

    // The library's texts come first. What only the kernel refuses does not keep DEL from releasing what goes by such a name.
    private static void ValidateIfName(string name, bool isToBeMade)
    {
        if (name.Length > InterfaceName.MaxBytes || Encoding.UTF8.GetByteCount(name) > InterfaceName.MaxBytes)
            throw Invalid("interface name is too long", $"interface name should be less than {InterfaceName.MaxBytes + 1} characters");
        if (name is "." or "..")
            throw Invalid("interface name is . or ..", "");
        foreach (var c in name)
        {
            if (c is '/' or ':' || char.IsWhiteSpace(c))
                throw Invalid("interface name contains / or : or whitespace characters", "CNI_IFNAME has an invalid character");
        }

        if (isToBeMade && InterfaceName.FindFault(name) is { } fault)
            throw Invalid($"invalid interface name \"{name}\"", $"CNI_IFNAME {fault}");
    }

    private static CniException Invalid(string message, string details) => new(CniErrorCode.InvalidEnvironment, message, details);
}
