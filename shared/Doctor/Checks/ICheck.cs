using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>Examines one aspect of a node and changes nothing.</summary>
internal interface ICheck
{
    /// <summary>Its subject, in a few words.</summary>
    string Name { get; }

    /// <summary>What is wrong. What it throws becomes a finding: that it could not look.</summary>
    IEnumerable<Finding> Examine(Node node);
}
