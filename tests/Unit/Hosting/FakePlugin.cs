using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

/// <summary>A plugin that notes its calls and does what a test wants.</summary>
internal sealed class FakePlugin : CniPlugin
{
    public List<CniRequest> Requests { get; } = [];

    public List<string> Calls { get; } = [];

    public IReadOnlySet<Attachment>? Valid { get; private set; }

    public Action<CniRequest> OnCall { get; init; } = _ => { };

    public Func<Exception, CniException?> OnTranslate { get; init; } = _ => null;

    public CniResult Result { get; init; } =
        new()
        {
            Interfaces = [new CniInterface("eth0") { Mtu = 1500 }],
            IPs = [new CniIP(IPPrefix.Parse("10.1.2.3/24")) { Gateway = IPAddr.Parse("10.1.2.1"), Interface = 0 }],
        };

    public override string Name => "fake";

    public override CniResult Add(CniRequest request)
    {
        Note("ADD", request);
        return Result;
    }

    public override void Del(CniRequest request) => Note("DEL", request);

    public override void Check(CniRequest request) => Note("CHECK", request);

    public override void Gc(CniRequest request, IReadOnlySet<Attachment>? valid)
    {
        Valid = valid;
        Note("GC", request);
    }

    public override void Status(CniRequest request) => Note("STATUS", request);

    public override IReadOnlyList<string> Validate(CniRequest request) => request.Config.FindInt("mtu") < 0 ? ["mtu: is negative"] : [];

    public override CniException? Translate(Exception exception) => OnTranslate(exception);

    private void Note(string verb, CniRequest request)
    {
        Calls.Add(verb);
        Requests.Add(request);
        OnCall(request);
    }
}
