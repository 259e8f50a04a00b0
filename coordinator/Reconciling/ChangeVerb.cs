namespace Plugboard.Coordinator.Reconciling;

/// <summary>What a <see cref="Change"/> does.</summary>
internal enum ChangeVerb
{
    /// <summary>It was not there.</summary>
    Add,

    /// <summary>It was there and was another.</summary>
    Replace,

    /// <summary>It is not wanted any more.</summary>
    Delete,
}
