namespace Plugboard.Netlink.Route;

/// <summary>What adding a route does where one to the same destination is.</summary>
public enum RouteAddMode
{
    /// <summary>
    /// NLM_F_CREATE: EEXIST only for the very same route. IPv4: a further route is put in front. IPv6: a further gateway makes a multipath
    /// route.
    /// </summary>
    Create,

    /// <summary>NLM_F_CREATE|NLM_F_EXCL: EEXIST where there is one with the same destination, TOS and priority.</summary>
    CreateExclusive,

    /// <summary>NLM_F_CREATE|NLM_F_REPLACE: it is replaced.</summary>
    Replace,

    /// <summary>NLM_F_CREATE|NLM_F_APPEND: behind the ones there are.</summary>
    Append,
}
