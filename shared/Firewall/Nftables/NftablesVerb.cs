namespace Plugboard.Firewall.Nftables;

/// <summary>nft's commands.</summary>
internal enum NftablesVerb
{
    /// <summary>What is there already stays.</summary>
    Add,

    /// <summary>Before what is there.</summary>
    Insert,

    /// <summary>In place of what is there.</summary>
    Replace,

    /// <summary>Created for the next change, and part of its text.</summary>
    Prepare,

    /// <summary>What is there already is an error.</summary>
    Create,

    /// <summary>What is not there is an error.</summary>
    Delete,

    /// <summary>An element that is there is to expire at once.</summary>
    Expire,

    /// <summary>All that is in it goes.</summary>
    Flush,
}
