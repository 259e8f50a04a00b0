using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>Looks at one side of a node and changes nothing.</summary>
internal interface ICheck
{
    /// <summary>What it looks at, in a few words.</summary>
    string Name { get; }

    /// <summary>What is wrong. What it throws becomes a finding: that it could not look.</summary>
    IEnumerable<Finding> Examine(Node node);
}
