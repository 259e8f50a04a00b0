using Plugboard.ClusterFiles;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Flannel;

/// <summary>The daemon's file, with the reference's sentences for what is wrong with it.</summary>
internal static class NodeSubnet
{
    /// <summary>Reads it.</summary>
    /// <exception cref="CniException">Code 11 where it is missing, 5 or 6 where it cannot be read or understood.</exception>
    public static SubnetFile Load(string path)
    {
        try
        {
            return SubnetFile.Find(path)
                ?? throw Failure(CniErrorCode.TryAgainLater, $"open {path}: {ErrnoException.Sentence(Errno.ENOENT)}", null);
        }
        catch (SubnetFileException e)
        {
            throw Failure(CniErrorCode.DecodingFailure, e.Message, e);
        }
        catch (ErrnoException e)
        {
            throw Failure(CniErrorCode.IOFailure, e.Message, e);
        }
    }

    /// <summary>Reads it; null if it is missing or wrong.</summary>
    public static SubnetFile? FindLeniently(string path)
    {
        try
        {
            return SubnetFile.Find(path);
        }
        catch (Exception e) when (e is SubnetFileException or ErrnoException)
        {
            return null;
        }
    }

    private static CniException Failure(CniErrorCode code, string why, Exception? inner) =>
        new(
            code,
            $"failed to load flannel 'subnet.env' file: {why}. Check the flannel pod log for this node.",
            "the daemon that gives this node its part of the network writes the file once it has one; \"subnetFile\" in the network "
                + "config names it",
            inner
        );
}
