namespace Plugboard.Netlink.Trace;

/// <summary>The attributes that can stand in one place.</summary>
/// <param name="headerSize">The fixed part before the attributes in bytes; 0 for most nested ones.</param>
/// <param name="definitions">The attributes known by name.</param>
public sealed class AttributeSchema(int headerSize, params AttributeDefinition[] definitions)
{
    /// <summary>The fixed part before the attributes in bytes.</summary>
    public int HeaderSize { get; } = headerSize;

    /// <summary>The attribute of a number; null if it is not known.</summary>
    public AttributeDefinition? Find(ushort type)
    {
        foreach (var definition in definitions)
        {
            if (definition.Type == type)
                return definition;
        }

        return null;
    }
}
