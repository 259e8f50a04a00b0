namespace Plugboard.Netlink.Conntrack;

/// <summary>What became of a change of a flow's labels.</summary>
public enum FlowLabeling
{
    /// <summary>It is made.</summary>
    Done,

    /// <summary>There is no such flow any more.</summary>
    IsGone,

    /// <summary>The flow began when no rule used labels, so it has no room for one; ENOSPC.</summary>
    HasNoRoom,
}
