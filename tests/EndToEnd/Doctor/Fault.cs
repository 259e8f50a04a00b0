using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>One way to break a node.</summary>
/// <param name="Name">What is wrong, in words.</param>
/// <param name="Ids">The findings, in the order of their names.</param>
/// <param name="Break">Makes it so.</param>
internal sealed record Fault(string Name, string Ids, Action<PatientNode> Break)
{
    /// <summary>What a person does; null: the commands of the remedy are all.</summary>
    public Action<PatientNode>? Repair { get; init; }

    /// <summary>What does not work before the repair, and works after it; null where it works.</summary>
    public Func<PatientNode, string?> Proof { get; init; } = static node => node.TryAttach();

    /// <summary>The pod that was attached last reaches the machine outside.</summary>
    public static string? Outwards(PatientNode node) =>
        PatientNode.Reaches(node.Pod, PatientNode.OutsideAddress) ? null : "no reply from outside";

    /// <summary>A machine outside reaches the published port of the pod that was attached last.</summary>
    public static string? Published(PatientNode node) => Connects(node, node.Outside, PatientNode.OwnAddress);

    /// <summary>The node reaches that port on 127.0.0.1.</summary>
    public static string? Localhost(PatientNode node) => Connects(node, node, "127.0.0.1");

    private static string? Connects(PatientNode node, TestNamespace from, string address)
    {
        using var server = EchoServer.Tcp(node.Pod, 80);
        return PatientNode.Connects(from, address, 8080) ? null : $"{address}:8080 refuses or drops";
    }
}
