using Plugboard.Doctor.Checks;
using Plugboard.Doctor.Fixing;

namespace Plugboard.Doctor;

/// <summary>A problem of the node.</summary>
/// <param name="Id">Its kind, one of <see cref="FindingIds"/>; its section in the troubleshooting page has the same name.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="What">What was found: names, values.</param>
/// <param name="Why">The consequence.</param>
/// <param name="Remedy">What to do.</param>
public sealed record Finding(string Id, Severity Severity, string What, string Why, string Remedy)
{
    /// <summary>Distinguishes it from other findings of its kind, the same in each examination.</summary>
    public string Subject { get; init; } = "";

    /// <summary>It may be work in progress: it counts only if a second examination finds it as well.</summary>
    internal bool MayPass { get; init; }

    /// <summary>The check that found it.</summary>
    internal ICheck? By { get; init; }

    /// <summary>What is safe to do against it; null: nothing is.</summary>
    internal Fix? Fix { get; init; }

    /// <summary>What <c>--fix</c> would do; null: nothing.</summary>
    public string? FixIntention => Fix?.Intention;

    /// <summary>True if both are the same thing seen twice.</summary>
    internal bool IsSame(Finding other) => Id == other.Id && Subject == other.Subject;
}
