namespace Plugboard.Documents;

/// <summary>What a value of a document is.</summary>
public enum DocumentKind
{
    /// <summary><c>null</c>, or nothing if YAML has nothing.</summary>
    Null,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A number, its text as it was written.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>Values in an order.</summary>
    List,

    /// <summary>Values by name.</summary>
    Map,
}
