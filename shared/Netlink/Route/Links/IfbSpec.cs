namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A device to which a filter redirects what another link receives, so that a queueing discipline can shape it; then that link receives it.
/// Source: drivers/net/ifb.c; tc-mirred(8).
/// </summary>
public sealed record IfbSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "ifb";
}
