using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Nftables.Statements;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>What a kernel can do, or is to do.</summary>
internal sealed record KernelFeatures
{
    public bool NfTables { get; init; }

    public bool InetNat { get; init; }

    public bool NftBridge { get; init; }

    public bool Bridge { get; init; }

    public bool Vxlan { get; init; }

    public bool Overlay { get; init; }

    public bool IsRecent { get; init; }

    /// <summary>
    /// Tries each in a network namespace that is gone afterwards, so the node's own is not touched; modules are loaded as the first pod
    /// would.
    /// </summary>
    public static KernelFeatures Probe() =>
        NamespaceThread.RunInNew(static () =>
            new KernelFeatures
            {
                NfTables = TryNft(static (_, _) => { }),
                InetNat = TryNft(
                    static (batch, _) =>
                    {
                        var chain = new Chain(new Table(NftFamily.Inet, "probe"), "probe")
                        {
                            Hook = new ChainHook(ChainType.Nat, NftHook.Postrouting, 100),
                        };
                        batch.Add(chain.Table);
                        batch.Add(chain);
                        batch.Add(new Rule(chain, [new Masquerade()]));
                    }
                ),
                NftBridge = TryNft(
                    static (batch, _) =>
                    {
                        var chain = new Chain(new Table(NftFamily.Bridge, "probe"), "probe")
                        {
                            Hook = new ChainHook(ChainType.Filter, NftHook.Prerouting, -300),
                        };
                        batch.Add(chain.Table);
                        batch.Add(chain);
                    }
                ),
                Bridge =
                    TryLink(new BridgeSpec { Name = "probe0" })
                    && TryLink(
                        new VethSpec
                        {
                            Name = "probe1",
                            Peer = new VethPeer { Name = "probe2" },
                        }
                    ),
                Vxlan = TryLink(
                    new VxlanSpec
                    {
                        Name = "probe3",
                        Vni = 1,
                        Port = 8472,
                    }
                ),
            }
        );

    private static bool TryNft(Action<NftablesBatch, NftablesClient> change)
    {
        try
        {
            using var client = NftablesClient.Open();
            var batch = new NftablesBatch();
            change(batch, client);
            return client.TryCommit(batch).Count == 0;
        }
        catch (ErrnoException e) when (e.IsNftablesMissing())
        {
            return false;
        }
    }

    private static bool TryLink(LinkSpec spec)
    {
        try
        {
            using var client = RouteClient.Open();
            client.Links.Add(spec);
            return true;
        }
        catch (ErrnoException e) when (e.Errno is Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT or Errno.EINVAL)
        {
            return false;
        }
    }
}
