namespace Plugboard.Firewall.Accepting;

/// <summary>What reaches the pods of a bridge from other pods of this node, the stricter the greater.</summary>
public enum IngressPolicy
{
    /// <summary>Everything.</summary>
    Open,

    /// <summary>Pods of the same bridge; pods of other bridges with a policy do not.</summary>
    SameBridge,

    /// <summary>No pod of a bridge with a policy.</summary>
    Isolated,
}

/// <summary>The words of configs, rules and records.</summary>
public static class IngressPolicyWord
{
    /// <summary>The word, as in a config.</summary>
    public static string Of(IngressPolicy policy) =>
        policy switch
        {
            IngressPolicy.SameBridge => "same-bridge",
            IngressPolicy.Isolated => "isolated",
            _ => "open",
        };

    /// <summary>The policy of a word; null if it is not one.</summary>
    public static IngressPolicy? Find(string? word) =>
        word switch
        {
            "open" => IngressPolicy.Open,
            "same-bridge" => IngressPolicy.SameBridge,
            "isolated" => IngressPolicy.Isolated,
            _ => null,
        };
}
