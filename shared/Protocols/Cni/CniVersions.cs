namespace Plugboard.Protocols.Cni;

/// <summary>Versions of the CNI specification: which are spoken, and which verb needs which.</summary>
public static class CniVersions
{
    /// <summary>The version of a config that says none.</summary>
    public const string Oldest = "0.1.0";

    /// <summary>The version this product thinks in.</summary>
    public const string Current = "1.1.0";

    /// <summary>Every version spoken, oldest first.</summary>
    public static IReadOnlyList<string> All => ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", Current];

    /// <summary>What VERSION answers: one line, with its end.</summary>
    public static ReadOnlySpan<byte> VersionDocument =>
        """
        {"cniVersion":"1.1.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}

        """u8;

    /// <summary>True where the text is one of <see cref="All"/> to the letter.</summary>
    public static bool IsSupported(string version) => FamilyOf(version) is not null;

    /// <summary>Throws where a config's version does not allow the verb or is not supported.</summary>
    /// <exception cref="CniException">Code 1, or 6 if the version is invalid.</exception>
    public static void Require(CniVerb verb, string version)
    {
        if (verb == CniVerb.Check)
            Gate("CHECK", version, "0.4.0");
        else if (verb is CniVerb.Gc or CniVerb.Status)
            Gate(CniEnvironment.NameOf(verb), version, "1.1.0");
        if (!IsSupported(version))
        {
            throw new CniException(
                CniErrorCode.IncompatibleVersion,
                "incompatible CNI versions",
                $"config is {GoText.Quote(version)}, plugin supports {GoText.Quote(All)}"
            );
        }
    }

    private static void Gate(string verb, string version, string least)
    {
        if (Compare(version, least) < 0)
            throw new CniException(CniErrorCode.IncompatibleVersion, "config version does not allow " + verb);
        if (Compare(version, Current) > 0)
            throw new CniException(CniErrorCode.IncompatibleVersion, "plugin version does not allow " + verb);
    }

    /// <summary>
    /// Negative, zero or positive, as <paramref name="left"/> is older than, as old as or newer than <paramref name="right"/>.
    /// </summary>
    /// <exception cref="CniException">Code 6: one of them is no version.</exception>
    public static int Compare(string left, string right)
    {
        var (a, b) = (Parse(left), Parse(right));
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
                return a[i] < b[i] ? -1 : 1;
        }

        return 0;
    }

    internal static CniResultFamily? FamilyOf(string version) =>
        version switch
        {
            "0.1.0" or "0.2.0" => CniResultFamily.V020,
            "0.3.0" or "0.3.1" or "0.4.0" => CniResultFamily.V040,
            "1.0.0" or "1.1.0" => CniResultFamily.V100,
            _ => null,
        };

    private static long[] Parse(string version)
    {
        if (version.Length == 0)
            return [0, 1, 0];
        var parts = version.Split('.');
        if (parts.Length > 3)
            throw Undecodable($"invalid version {GoText.Quote(version)}: too many parts");
        return [Part(parts[0], "major"), parts.Length > 1 ? Part(parts[1], "minor") : 0, parts.Length > 2 ? Part(parts[2], "micro") : 0];
    }

    private static long Part(string text, string name)
    {
        var digits = text.StartsWith('-') || text.StartsWith('+') ? text[1..] : text;
        long value = 0;
        foreach (var c in digits)
        {
            if (!char.IsAsciiDigit(c))
                throw Unconvertible(name, text, "invalid syntax");
            if (value > (long.MaxValue - 9) / 10)
                throw Unconvertible(name, text, "value out of range");
            value = value * 10 + (c - '0');
        }

        return digits.Length == 0 ? throw Unconvertible(name, text, "invalid syntax")
            : text[0] == '-' ? -value
            : value;
    }

    private static CniException Unconvertible(string name, string text, string why) =>
        Undecodable($"failed to convert {name} version part {GoText.Quote(text)}: strconv.Atoi: parsing {GoText.Quote(text)}: {why}");

    private static CniException Undecodable(string message) =>
        new(CniErrorCode.DecodingFailure, message, "set cniVersion to one that VERSION lists");
}

/// <summary>Versions that share the shape of a result.</summary>
internal enum CniResultFamily
{
    /// <summary>0.1.0 and 0.2.0: one address of each family.</summary>
    V020,

    /// <summary>0.3.0 to 0.4.0: interfaces and addresses in lists.</summary>
    V040,

    /// <summary>1.0.0 and 1.1.0: no version in an address.</summary>
    V100,
}
