using System.Security.Cryptography;
using Plugboard.Install;

namespace Plugboard.Tests.Unit.Install;

public sealed class Sha256Tests
{
    // Around the block's size, and around where the length no longer fits into the last block.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(119)]
    [InlineData(120)]
    [InlineData(100_003)]
    public void It_is_the_frameworks_in_any_pieces(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)(i * 31 + i / 256);
        var expected = Convert.ToHexStringLower(SHA256.HashData(bytes));
        foreach (var piece in (int[])[1, 7, 63, 64, 65, 4096, 200_000])
        {
            var digest = new Sha256();
            for (var at = 0; at < length; at += piece)
                digest.Append(bytes.AsSpan(at, Math.Min(piece, length - at)));
            Assert.Equal(expected, digest.Finish());
        }
    }
}
