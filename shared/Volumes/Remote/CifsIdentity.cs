using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// The credentials for an SMB server: from the Secret, from mount options as in mount.cifs(8), or from a file of the node that the
/// administrator allows. No text form of this shows the password.
/// </summary>
internal sealed record CifsIdentity
{
    private const uint WritableByOthers = 0x12;
    private const long LargestFile = 65536;

    /// <summary>The user; null: not given.</summary>
    public string? User { get; init; }

    /// <summary>The user's password; null: none was given.</summary>
    public Secret? Password { get; init; }

    /// <summary>The user's domain or workgroup; null: none was given.</summary>
    public string? Domain { get; init; }

    /// <summary>A file of the node with all three; null: not given.</summary>
    public string? File { get; init; }

    /// <summary>
    /// Combines a Secret and mount options: user and domain of the options come before the Secret's, its password before theirs, as in
    /// mount.cifs(8).
    /// </summary>
    public CifsIdentity Over(IReadOnlyDictionary<string, Secret> secrets) =>
        this with
        {
            User = User ?? Find(secrets, "username")?.Reveal(),
            Password = Find(secrets, "password") ?? Password,
            Domain = Domain ?? Find(secrets, "domain")?.Reveal(),
        };

    private static Secret? Find(IReadOnlyDictionary<string, Secret> secrets, string key) =>
        secrets.TryGetValue(key, out var secret) && secret.Reveal().Length > 0 ? secret : null;

    /// <summary>Adds the values of its file, where they are not given otherwise.</summary>
    /// <exception cref="VolumeException">The file is absent, or a user other than root could have written it.</exception>
    public CifsIdentity Read(string backend) => File is null ? this : Read(backend, File);

    private CifsIdentity Read(string backend, string path)
    {
        try
        {
            if (FileDescriptor.FindStatus(path) is not { IsRegular: true, Size: <= LargestFile })
                throw new VolumeException($"{backend}: {path} is not a file with credentials");
            using var file = FileDescriptor.OpenForReading(path);
            var (owner, mode) = file.Ownership();
            if (owner != 0 || (mode & WritableByOthers) != 0)
            {
                throw new VolumeException(
                    $"{backend}: {path} is refused: it must belong to root and be writable for root only (chown root: and chmod go-w)"
                );
            }

            var told = Parse(Encoding.UTF8.GetString(file.ReadToEnd()));
            return this with { User = User ?? told.User, Password = Password ?? told.Password, Domain = Domain ?? told.Domain };
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"{backend}: cannot read {path}", e);
        }
    }

    /// <summary>
    /// Lines of <c>key=value</c>; only the first letters of a key count, and what is no such line is passed over. Source: mount.cifs(8),
    /// credentials.
    /// </summary>
    internal static CifsIdentity Parse(string text)
    {
        var told = new CifsIdentity();
        foreach (var line in text.Split('\n'))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                continue;
            var (key, value) = (line[..equals].TrimStart(' ', '\t'), line[(equals + 1)..].TrimEnd('\r'));
            if (key.StartsWith("user", StringComparison.OrdinalIgnoreCase))
                told = told with { User = value };
            else if (key.StartsWith("pass", StringComparison.OrdinalIgnoreCase))
                told = told with { Password = new Secret(Encoding.UTF8.GetBytes(value)) };
            else if (key.StartsWith("dom", StringComparison.OrdinalIgnoreCase))
                told = told with { Domain = value };
        }

        return told;
    }

    /// <summary>Nothing of what it holds.</summary>
    public override string ToString() => nameof(CifsIdentity);

    /// <summary>The parameters for the kernel. A backslash cannot be in a user's name: it separates the domain.</summary>
    /// <exception cref="VolumeException">A value holds a NUL, which no string of the kernel can hold.</exception>
    public IEnumerable<MountParameter> ToParameters(string backend)
    {
        var (user, domain) = (User ?? "", Domain);
        if (user.IndexOf('\\', StringComparison.Ordinal) is > 0 and var at)
            (domain, user) = (domain ?? user[..at], user[(at + 1)..]);
        foreach (var (key, value) in ((string, string?)[])[("username", user), ("password", Password?.Reveal()), ("domain", domain)])
        {
            if (value is null or "")
                continue;
            yield return value.Contains('\0', StringComparison.Ordinal)
                ? throw new VolumeException($"{backend}: the {key} contains a NUL byte")
                : new MountParameter(key, value);
        }
    }
}
