using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Fixing;

namespace Plugboard.Doctor;

/// <summary>One thing that is wrong with the node.</summary>
/// <param name="Id">What kind, one of <see cref="FindingIds"/>; its section in the troubleshooting page bears the same name.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="What">What was seen: names, values.</param>
/// <param name="Why">What it leads to.</param>
/// <param name="Remedy">What a person does.</param>
public sealed record Finding(string Id, Severity Severity, string What, string Why, string Remedy)
{
    /// <summary>What tells it from others of its kind, the same at each look.</summary>
    public string Subject { get; init; } = "";

    /// <summary>It may be somebody's work in progress: it counts only if it is there at a second look.</summary>
    internal bool MayPass { get; init; }

    /// <summary>Who found it.</summary>
    internal ICheck? By { get; init; }

    /// <summary>What is safe to do against it; null: nothing is.</summary>
    internal Fix? Fix { get; init; }

    /// <summary>What <c>--fix</c> would do; null: nothing.</summary>
    public string? FixIntention => Fix?.Intention;

    /// <summary>True where both are the same thing seen twice.</summary>
    internal bool IsSame(Finding other) => Id == other.Id && Subject == other.Subject;
}
