using System.Text.RegularExpressions;

namespace Plugboard.Tests.Unit.Glossary;

/// <summary>Words that the product no longer uses, each with the word that replaces it. Source: CONTRIBUTING.md.</summary>
internal static class RetiredWords
{
    // Names that the outside world knows stay: the metrics' label and JSON's key "keeper", the installer's lock ".keeper".
    private const string Kept = "keeper=|\"keeper\"|`keeper`|\\.keeper";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RetiredWord> All { get; } =
    [
        new("anew", "again", "It is listed anew."),
        new("bears?|borne", "has", "The link bears our alias."),
        new("whoever|whomever", "the actor's name", "Whoever asks is answered."),
        new("hindrances?", "source error", "The hindrance is shown."),
        new("(?:is|are|was|were|be|been) told", "is reported", "What is wrong is told."),
        new("tells? (?:nobody|what|who|whether|why|how|of)", "reports", "The kernel tells what changed."),
        new("there (?:is|are|was|were) none", "if absent", "Null where there is none."),
        new("it is none|that is none|they are none", "it is not one; it is invalid", "JSON that is none."),
        new("(?:is|are|was|were) to be", "must be", "It is to be looked at."),
        new("lacks? what", "what is missing", "It lacks what was removed."),
        new("of others", "of other programs; foreign", "Rules of others stay."),
        new("(?:made|make|makes|put|puts|set) right", "repaired", "The rule is put right."),
        new("all is right", "everything is as it should be", "Now all is right."),
        new("put back|puts back|putting back", "restored; repaired", "The rules are put back."),
        new("going back|goes back", "rollback", "After going back."),
        new("keepers?", "reconciler", "The keeper of routes."),
        new("keeps? it so", "maintains; runs the agent", "It keeps it so."),
        new("ears? of the kernel|KernelEar", "notifications; NotificationLoop", "The KernelEar listens."),
        new("the (?:engine|loop) (?:turns|turned|has not turned)", "sync round", "The engine has not turned."),
        new("forwarding database", "FDB", "An entry of the forwarding database."),
        new("ClusterBoard|the board", "NodeStore; node store", "It is on the board."),
        new("nobody|somebody|everybody|anybody", "the actor's name; another process", "Somebody removed it."),
        new("GoingBack", "rollback", "class GoingBack"),
        new("Operators/", "Cli/", "The folder coordinator/Operators/."),
        new("Placement", "Install", "class Placement"),
        new("NftablesLack|OnlyOne|AddAnewTo", "the field's word", "class OnlyOne"),
    ];

    /// <summary>The retired words in a text: <c>path:line: "word": say replacement</c>.</summary>
    public static IEnumerable<string> Find(string path, string text) =>
        text.Split('\n').SelectMany((line, at) => FindIn(path, Regex.Replace(line, Kept, ""), at + 1));

    private static IEnumerable<string> FindIn(string path, string line, int number) =>
        All.SelectMany(word => word.Pattern.Matches(line).Select(match => $"{path}:{number}: \"{match.Value}\": say {word.Replacement}"));
}
