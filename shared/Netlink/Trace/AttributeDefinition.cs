namespace Plugboard.Netlink.Trace;

/// <summary>An attribute's name and form.</summary>
/// <param name="Type">Its number.</param>
/// <param name="Name">Its name in the kernel's header.</param>
/// <param name="Format">How its value is printed.</param>
/// <param name="Nested">The attributes inside, for <see cref="AttributeFormat.Nested"/>.</param>
/// <param name="NestedByKind">The attributes inside, selected by the text attribute before it, as IFLA_INFO_DATA by IFLA_INFO_KIND; null
/// for an unknown text.</param>
public sealed record AttributeDefinition(
    ushort Type,
    string Name,
    AttributeFormat Format,
    AttributeSchema? Nested = null,
    Func<string, AttributeSchema?>? NestedByKind = null
);
