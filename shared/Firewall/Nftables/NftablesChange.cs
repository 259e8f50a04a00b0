using System.Globalization;
using System.Text;

namespace Plugboard.Firewall.Nftables;

/// <summary>One message of a batch, as nft would say it.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Subject">To what.</param>
internal sealed record NftablesChange(NftablesVerb Verb, object Subject)
{
    private string VerbWord =>
        Verb switch
        {
            NftablesVerb.Create => "create",
            NftablesVerb.Delete => "delete",
            NftablesVerb.Flush => "flush",
            NftablesVerb.Insert => "insert",
            NftablesVerb.Replace => "replace",
            _ => "add",
        };

    /// <summary>A line of a script for <c>nft -f</c>.</summary>
    public override string ToString() =>
        Subject switch
        {
            Table table => $"{VerbWord} table "
                + $"{table}{(Verb == NftablesVerb.Add && table.Comment.Length > 0 ? $" {{ comment \"{table.Comment}\"; }}" : "")}",
            Chain chain =>
                $"{VerbWord} chain {chain}{(Verb == NftablesVerb.Add && Describe(chain) is { Length: > 0 } how ? $" {how}" : "")}",
            Set set => $"{VerbWord} {(set.IsMap ? "map" : "set")} {set}{(Verb == NftablesVerb.Add ? $" {Describe(set)}" : "")}",
            Rule rule => $"{VerbWord} rule {rule.Chain} {rule}",
            PlacedRule rule => $"{VerbWord} rule {rule.Rule.Chain} handle {rule.Handle.ToString(CultureInfo.InvariantCulture)} {rule.Rule}",
            ListedRule rule => $"{VerbWord} rule {rule.Chain} handle {rule.Handle.ToString(CultureInfo.InvariantCulture)}",
            ElementList list => Describe(list),
            _ => VerbWord,
        };

    /// <summary>
    /// What nft says of a chain behind its name: <c>{ type nat hook output priority -100; policy accept; }</c>; empty where there is
    /// nothing to say.
    /// </summary>
    public static string Describe(Chain chain)
    {
        var text = "";
        if (chain.Hook is { } hook)
            text =
                $"type {hook.TypeWord} hook {hook.HookWord} priority {hook.Priority}; policy {(hook.DropsByDefault ? "drop" : "accept")};";
        if (chain.Comment.Length > 0)
            text += $" comment \"{chain.Comment}\";";
        return text.Length == 0 ? "" : $"{{ {text.TrimStart()} }}";
    }

    /// <summary>What nft says of a set behind its name: <c>{ type ipv4_addr; flags interval; }</c>.</summary>
    public static string Describe(Set set)
    {
        var text = new StringBuilder("{ ");
        text.Append(set.RandomBelow is { } modulus ? $"typeof numgen random mod {modulus}" : $"type {Names(set.Key)}");
        if (set.Data.Count > 0)
            text.Append(" : ").Append(Names(set.Data));
        if (set.LeadsToVerdict)
            text.Append(" : verdict");
        text.Append(';');
        if (set.IsInterval || set.HasTimeouts)
            text.Append(" flags ")
                .Append(set.IsInterval ? "interval" : "")
                .Append(set is { IsInterval: true, HasTimeouts: true } ? "," : "")
                .Append(set.HasTimeouts ? "timeout;" : ";");
        if (set.Timeout is { } timeout)
            text.Append(" timeout ").Append(FieldText.Describe(timeout)).Append(';');
        if (set.GcInterval is { } interval)
            text.Append(" gc-interval ").Append(FieldText.Describe(interval)).Append(';');
        if (set.Comment.Length > 0)
            text.Append(" comment \"").Append(set.Comment).Append("\";");
        return text.Append(" }").ToString();
    }

    private string Describe(ElementList list)
    {
        var text = new StringBuilder(VerbWord).Append(" element ").Append(list.Set).Append(" { ");
        for (var i = 0; i < list.Count; i++)
            text.Append(i == 0 ? "" : ", ")
                .Append(
                    (Verb == NftablesVerb.Delete ? new SetElement(list[i].Key) { KeyEnd = list[i].KeyEnd } : list[i]).Describe(list.Set)
                );
        return text.Append(" }").ToString();
    }

    private static string Names(IReadOnlyList<DataType> types)
    {
        var text = types[0].Name;
        for (var i = 1; i < types.Count; i++)
            text += " . " + types[i].Name;
        return text;
    }
}
