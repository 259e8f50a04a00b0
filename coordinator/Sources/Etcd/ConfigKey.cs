using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Documents;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>The cluster's network in etcd: the last valid value stays in force.</summary>
/// <param name="key">The whole key.</param>
/// <param name="store">Gets the network.</param>
/// <param name="log">Gets a line for each warning, once.</param>
internal sealed class ConfigKey(string key, NodeStore store, Action<string> log)
{
    private readonly Complaints complaints = new(log);
    private DocumentNode? said;

    /// <summary>The whole key.</summary>
    public string Key => key;

    /// <summary>The last valid value; null before the first.</summary>
    public NetConf? Network { get; private set; }

    /// <summary>Why the present value is not in force; null if it is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The key was deleted.</summary>
    public bool IsGone { get; private set; }

    /// <summary>The key has this value now.</summary>
    public void Read(EtcdEntry entry)
    {
        IsGone = entry.Value is null;
        if (entry.Value is null)
        {
            Fault = $"etcd's key {key} was deleted: its last value stays in force";
            return;
        }

        try
        {
            var warnings = new List<string>();
            var whole = NetConfReader.Keep(JsonDocumentReader.Read(Encoding.UTF8.GetBytes(entry.Value)), said, warnings);
            Network = NetConfReader.Read(whole, warnings);
            said = whole;
            Fault = null;
            foreach (var warning in warnings)
                complaints.Add($"etcd's key {key}: {warning}");
            store.SetNetwork(Network);
        }
        catch (FormatException e)
        {
            Fault = $"etcd's key {key}: {e.Message}";
        }
    }
}
