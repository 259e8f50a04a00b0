using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>A file of the lease directory.</summary>
/// <param name="Address">Its name.</param>
/// <param name="Content">What it says.</param>
internal readonly record struct Lease(IPAddr Address, LeaseContent Content);
