namespace Plugboard.Netlink.Route.Links;

/// <summary>A device that drops all it sends. Source: ip-link(8), TYPE dummy.</summary>
public sealed record DummySpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "dummy";
}
