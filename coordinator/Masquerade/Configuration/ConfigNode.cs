namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>A value of a YAML or JSON text.</summary>
internal abstract record ConfigNode
{
    /// <summary>What the value is, in the words of Go's JSON reader.</summary>
    public abstract string Kind { get; }

    /// <summary>Nothing.</summary>
    public sealed record Null : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "null";
    }

    /// <summary>Text.</summary>
    public sealed record Text(string Value) : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "string";
    }

    /// <summary>A number as it is written.</summary>
    public sealed record Number(string Value) : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "number";
    }

    /// <summary>True or false.</summary>
    public sealed record Flag(bool Value) : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "bool";
    }

    /// <summary>A list.</summary>
    public sealed record Sequence(IReadOnlyList<ConfigNode> Items) : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "array";
    }

    /// <summary>Keys and values in the text's order.</summary>
    public sealed record Mapping(IReadOnlyList<(string Key, ConfigNode Value)> Items) : ConfigNode
    {
        /// <inheritdoc/>
        public override string Kind => "object";
    }
}
