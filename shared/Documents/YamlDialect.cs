namespace Plugboard.Documents;

/// <summary>How YAML is read.</summary>
public enum YamlDialect
{
    /// <summary>Strict: one document, a name once in a map, and only <c>true</c> and <c>false</c> are booleans.</summary>
    Strict,

    /// <summary>
    /// As Go's yaml.v2 reads YAML 1.1: <c>yes</c>, <c>no</c>, <c>on</c>, <c>off</c>, <c>y</c> and <c>n</c> are booleans, a name may be
    /// there twice, what comes after the first document is not looked at. Aliases are refused.
    /// </summary>
    Lenient,

    /// <summary>
    /// Manifests as kubectl writes them: as <see cref="Strict"/>, but several documents. Aliases are refused, so that nothing grows when it
    /// is written again.
    /// </summary>
    Manifests,
}
