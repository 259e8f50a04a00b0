using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>A file that is named after a container and its interface, which an ADD must be able to make. Pure.</summary>
public static class AttachmentFile
{
    private const int LongestName = 255; // NAME_MAX

    /// <summary>Refuses an ADD whose attachment gives no file name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="directory">Where the file is, for the message.</param>
    /// <exception cref="CniException">Code 4: the names are too long together.</exception>
    public static void RequireStorable(string name, string directory)
    {
        if (Encoding.UTF8.GetByteCount(name) > LongestName)
        {
            throw new CniException(
                CniErrorCode.InvalidEnvironment,
                "CNI_CONTAINERID and CNI_IFNAME are too long",
                $"together they name a file in {directory}, whose name has at most {LongestName} bytes"
            );
        }
    }
}
