using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tuning;

/// <summary>
/// The attributes of an interface before it was tuned, in the reference's file and form, so that either can restore what the other changed.
/// </summary>
/// <param name="request">The call.</param>
internal sealed class LinkBackup(CniRequest request)
{
    private const int LargestFile = 1 << 16;
    private const uint DirectoryMode = 0x1c0; // 0700

    private readonly string directory = TuningConfig.DataDirOf(request.Config);

    private string Name => $"{request.ContainerId}_{request.IfName}.json";

    /// <summary>Refuses an ADD that could keep none.</summary>
    /// <exception cref="CniException">Code 4: the names are too long together.</exception>
    public void RequireStorable() => AttachmentFile.RequireStorable(Name, directory);

    /// <summary>
    /// Keeps the attributes that are about to change; what an earlier ADD has kept stays, because that was before any change.
    /// </summary>
    /// <returns>True if this call has made the file.</returns>
    public bool Keep(Link link, TuningConfig config)
    {
        using var into = FileDirectory.Ensure(directory, DirectoryMode);
        using var file = into.CreateUnnamed(Encoding.UTF8.GetBytes(ToJson(link, config)), FileModes.RootsOwn);
        return file.TryLink(Name);
    }

    private static string ToJson(Link link, TuningConfig config)
    {
        var members = new List<string>();
        if (config.Mac is not null)
            members.Add($" \"mac\": \"{link.Address}\"");
        if (config.Promiscuous)
            members.Add($" \"promisc\": {Word(link.IsPromiscuous)}");
        if (config.Mtu != 0)
            members.Add(string.Create(CultureInfo.InvariantCulture, $" \"mtu\": {link.Mtu}"));
        if (config.AllMulticast is not null)
            members.Add($" \"allmulti\": {Word((link.Flags & LinkFlags.AllMulticast) != 0)}");
        if (config.TxQueueLength is not null)
            members.Add(string.Create(CultureInfo.InvariantCulture, $" \"txQLen\": {link.TxQueueLength}"));
        return $"{{\n{string.Join(",\n", members)}\n}}";
    }

    private static string Word(bool value) => value ? "true" : "false";

    /// <summary>The changes that restore the interface; null if nothing is kept, or what is kept cannot be read.</summary>
    public LinkChange? Find()
    {
        using var from = FileDirectory.Find(directory);
        using var file = from?.FindRegular(Name);
        if (file is null)
            return null;
        try
        {
            var kept = new ConfigNode(JsonValue.Parse(file.ReadToEnd(LargestFile), Name), Name);
            return new LinkChange
            {
                Address = MacAddress.TryParse(kept.GetString("mac"), out var mac) ? mac : null,
                Promiscuous = kept.FindBool("promisc"),
                Mtu = kept.FindInt("mtu") is > 0 and var mtu ? mtu : null,
                AllMulticast = kept.FindBool("allmulti"),
                TxQueueLength = kept.FindInt("txQLen") is >= 0 and var length ? length : null,
            };
        }
        catch (CniException e)
        {
            StandardError.WriteLine($"tuning: {directory}/{Name} cannot be read, so the interface stays as it is: {e.Message}");
            return null;
        }
    }

    /// <summary>Removes the file.</summary>
    public void Remove()
    {
        using var from = FileDirectory.Find(directory);
        from?.Remove(Name);
    }
}
