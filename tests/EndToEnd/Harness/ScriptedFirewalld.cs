using System.Collections.Concurrent;
using Tmds.DBus.Protocol;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// A D-Bus daemon with a socket of its own, and on it a service with firewalld's name that keeps zones as firewalld does. Another
/// implementation of the protocol than the product's.
/// </summary>
internal sealed class ScriptedFirewalld : IPathMethodHandler, IDisposable
{
    private const string Service = "org.fedoraproject.FirewallD1";
    private const string Exception = Service + ".Exception";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CniNode node;
    private readonly string process;
    private readonly DBusConnection connection;

    public ScriptedFirewalld(CniNode node, bool hasService = true)
    {
        this.node = node;
        var socket = System.IO.Path.Combine(node.Directory, "bus");
        var config = System.IO.Path.Combine(node.Directory, "bus.conf");
        File.WriteAllText(
            config,
            $"""
            <busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
            </busconfig>
            """
        );
        var start = $"dbus-daemon --config-file={config} --fork --print-pid=1 </dev/null 2>/dev/null";
        process = node.TryTool(["sh", "-c", start]).Output.Trim();
        Address = $"unix:path={socket}";
        connection = new DBusConnection(Address);
        connection.ConnectAsync().AsTask().WaitAsync(Patience).GetAwaiter().GetResult();
        connection.AddMethodHandler(this);
        if (hasService)
            Start();
    }

    /// <summary>What DBUS_SYSTEM_BUS_ADDRESS is.</summary>
    public string Address { get; }

    /// <summary>The variable with its value.</summary>
    public string Variable => $"DBUS_SYSTEM_BUS_ADDRESS={Address}";

    /// <summary>Which zone has a source.</summary>
    public ConcurrentDictionary<string, string> Sources { get; } = new(StringComparer.Ordinal);

    /// <summary>An error for each call of a method: its name and text.</summary>
    public ConcurrentDictionary<string, (string Name, string Text)> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Does not answer at all.</summary>
    public bool IsSilent { get; set; }

    /// <summary>What was called, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    /// <inheritdoc/>
    public string Path => "/org/fedoraproject/FirewallD1";

    /// <inheritdoc/>
    public bool HandlesChildPaths => false;

    private void Start() => connection.RequestNameAsync(Service, default).WaitAsync(Patience).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public ValueTask HandleMethodAsync(MethodContext context)
    {
        var reader = context.Request.GetBodyReader();
        var member = context.Request.MemberAsString!;
        var first = reader.ReadString();
        var second = context.Request.SignatureAsString == "ss" ? reader.ReadString() : "";
        Calls.Enqueue($"{context.Request.InterfaceAsString} {member} {first} {second}".TrimEnd());
        if (IsSilent)
        {
            context.DisposesAsynchronously = true;
            return default;
        }

        if (Errors.TryGetValue(member, out var error))
            context.ReplyError(error.Name, error.Text);
        else
            Answer(context, member, first, second);
        return default;
    }

    private void Answer(MethodContext context, string member, string zone, string source)
    {
        switch (member)
        {
            case "addSource" when Sources.TryAdd(source, zone):
                Reply(context, zone);
                break;
            case "addSource" when Sources[source] == zone:
                context.ReplyError(Exception, $"ZONE_ALREADY_SET: '{source}' already bound to '{zone}'");
                break;
            case "addSource":
                context.ReplyError(Exception, $"ZONE_CONFLICT: '{source}' already bound to a zone");
                break;
            case "removeSource" when Sources.TryRemove(new(source, zone)):
                Reply(context, zone);
                break;
            case "removeSource":
                context.ReplyError(Exception, $"UNKNOWN_SOURCE: '{source}' is not in any zone");
                break;
            case "querySource":
                using (var writer = context.CreateReplyWriter("b"))
                {
                    writer.WriteBool(Sources.GetValueOrDefault(source) == zone);
                    context.Reply(writer.CreateMessage());
                }

                break;
            case "getZoneOfSource":
                Reply(context, Sources.GetValueOrDefault(zone) ?? "");
                break;
            default:
                context.ReplyUnknownMethodError();
                break;
        }
    }

    private static void Reply(MethodContext context, string value)
    {
        using var writer = context.CreateReplyWriter("s");
        writer.WriteString(value);
        context.Reply(writer.CreateMessage());
    }

    public void Dispose()
    {
        connection.Dispose();
        node.TryTool(["kill", process]);
    }
}
