namespace Plugboard.Tests.EndToEnd.Doctor;

/// <summary>From a broken node to one on which all is well.</summary>
internal static class Treatment
{
    /// <summary>Breaks a node, expects the findings, follows the remedy, and expects that it helped.</summary>
    public static void Verify(Fault fault)
    {
        using var node = new PatientNode();
        fault.Break(node);
        Assert.NotNull(fault.Proof(node));
        var findings = node.Examine().Findings;
        var ids = findings.Select(static finding => finding.Id).Distinct().Order(StringComparer.Ordinal);
        Assert.True(fault.Ids == string.Join(' ', ids), string.Join('\n', findings));
        if (fault.Repair is { } repair)
            repair(node);
        else
            node.Obey(findings[0]);
        Assert.Null(Repeat(fault.Proof, node));
        Assert.Equal("", node.Ids());
    }

    // A busy machine may answer late.
    private static string? Repeat(Func<PatientNode, string?> proof, PatientNode node)
    {
        const int Attempts = 3;
        string? failure = null;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            failure = proof(node);
            if (failure is null)
                return null;
        }

        return failure;
    }
}
