using Plugboard.Firewall.Nftables.Uapi;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Tells which tables of a network namespace were changed, and by whom, from the moment it is opened. One thread receives, any other may
/// stop it. Elements that expire or that packets add are no changes. Source: nft(8), MONITOR; include/uapi/linux/netfilter/nfnetlink.h,
/// NFNLGRP_NFTABLES.
/// </summary>
public sealed class NftablesMonitor : IDisposable
{
    /// <summary>For some thousand changes that are not read yet; the memory is taken only while they wait.</summary>
    public const int DefaultRoom = 8 * 1024 * 1024;

    private readonly NetlinkListener listener;
    private readonly NftablesTransactionReader reader = new();

    internal NftablesMonitor(NetlinkListener listener) => this.listener = listener;

    /// <summary>True once it was stopped.</summary>
    public bool IsStopped => listener.IsStopped;

    /// <summary>Opens it in the calling thread's namespace. On a kernel without nf_tables it hears nothing.</summary>
    /// <param name="room">How many bytes of changes may wait to be read; without CAP_NET_ADMIN over the machine not more than
    /// net.core.rmem_max.</param>
    /// <exception cref="ErrnoException">EPROTONOSUPPORT: the kernel has no netfilter; EMFILE: no more files can be opened.</exception>
    public static NftablesMonitor Open(int room = DefaultRoom) =>
        new(NetlinkListener.Open(NetlinkProtocol.Netfilter, new NftablesDialect(), 1u << (NfnetlinkH.NFNLGRP_NFTABLES - 1), room));

    /// <summary>Opens it in a namespace, on a thread of its own that enters it.</summary>
    /// <exception cref="ErrnoException">The namespace cannot be entered (EPERM), the kernel has no netfilter, or no more files can be
    /// opened.</exception>
    public static NftablesMonitor Open(NetworkNamespace ns, int room = DefaultRoom) => NamespaceThread.Run(ns, () => Open(room));

    /// <summary>Waits for a change and returns all there are whose end has come.</summary>
    /// <param name="timeout">How long to wait at most.</param>
    /// <exception cref="NetlinkFormatException">A message is none.</exception>
    public NetlinkNotifications<NftablesTransaction> Receive(TimeSpan timeout)
    {
        var news = listener.Receive(timeout, reader.Read);
        if (news.Lost)
            reader.Forget();
        return news;
    }

    /// <summary>Ends the wait of whoever receives, and every later one at once. For any thread, before it is disposed of.</summary>
    public void Stop() => listener.Stop();

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();
}
