using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.HostDevice;

/// <summary>
/// What the driver of a virtual function does in its own time: it asks the physical function's by messages through the card.
/// </summary>
internal static class VfMoves
{
    /// <summary>How often an address is set and read, as the reference does.</summary>
    public const int Attempts = 20;

    /// <summary>The time between two attempts.</summary>
    public const int RetryMilliseconds = 100;

    extension(LinkTable links)
    {
        /// <summary>Sets a hardware address; false if the driver refuses it, or has not taken it yet.</summary>
        public bool TrySetAddress(int index, MacAddress mac)
        {
            try
            {
                links.Set(index, new LinkChange { Address = mac });
                return links.Find(index)?.Address == mac;
            }
            catch (NetlinkException)
            {
                return false;
            }
        }

        /// <summary>
        /// Sets a link up and down again: a driver that is down learns of the address that the host has set for it only by a reset, and
        /// refuses every other until then, that one too (igbvf).
        /// </summary>
        public void Reset(int index)
        {
            links.Set(index, new LinkChange { Up = true });
            links.Set(index, new LinkChange { Up = false });
        }
    }
}
