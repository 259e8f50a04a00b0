namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The nat table of one family in the calling thread's network namespace: one iptables-save reads it, one iptables-restore changes it.
/// Source: iptables-save(8), iptables-restore(8).
/// </summary>
/// <param name="is6">IPv6, else IPv4.</param>
/// <param name="options">Which tools.</param>
public sealed class IptablesClient(bool is6, IptablesOptions options)
{
    // A change that fails because another process changed the table meanwhile is planned again; each time another process succeeded.
    private const int MostAttempts = 20;

    private readonly IptablesTool tool = new(is6, options);

    /// <summary>True if the tools are on the node; no process is started.</summary>
    public bool IsInstalled => tool.IsInstalled;

    /// <summary>True if the tools are known to keep their rules in nftables; no process is started.</summary>
    public bool IsNft => tool.IsNft;

    /// <summary>The table as it is.</summary>
    /// <exception cref="IptablesException">The tool is missing (<see cref="IptablesMissingException"/>) or failed.</exception>
    public NatTable Read() => tool.Save();

    /// <summary>Reads the table, plans a change, and makes it at once; an empty plan starts no further process.</summary>
    /// <param name="plan">Pure: it is called again if another process changed the table in between.</param>
    /// <param name="otherwise">Planned once from the table as it is then, if the tool refuses the plan; null: nothing.</param>
    /// <returns>True if something changed.</returns>
    /// <exception cref="IptablesLockedException">Another process held the xtables lock all the time.</exception>
    /// <exception cref="IptablesException">The tool is missing (<see cref="IptablesMissingException"/>) or refused a line, which the
    /// message quotes.</exception>
    public bool Change(Func<NatTable, RestoreScript> plan, Func<NatTable, RestoreScript>? otherwise = null)
    {
        using var turn = IptablesTurn.Wait(options.LockTimeout);
        var script = plan(Read());
        for (var attempt = 1; !script.IsEmpty; attempt++)
        {
            if (tool.Restore(script) is not { } failure)
                return true;
            var table = Read();
            var next = plan(table);
            if (attempt == MostAttempts || next.Text == script.Text)
                return otherwise is not null && tool.Restore(otherwise(table)) is null ? true : throw failure;
            script = next;
        }

        return false;
    }

    /// <summary>The rules that iptables itself does not find; one process, and one for each missing rule.</summary>
    /// <exception cref="IptablesException">The tool is missing, or a rule is invalid.</exception>
    public IReadOnlyList<IptablesRule> Missing(IReadOnlyList<IptablesRule> rules)
    {
        var missing = new List<IptablesRule>();
        var left = rules.ToList();
        while (left.Count > 0)
        {
            var script = new RestoreScript();
            left.ForEach(script.Check);
            if (tool.Restore(script) is not { } failure)
                break;
            var at = left.FindIndex(rule => $"-C {rule}" == failure.Rule);
            if (at < 0 || failure.ExitCode != 1)
                throw failure;
            missing.Add(left[at]);
            left.RemoveRange(0, at + 1);
        }

        return missing;
    }
}
