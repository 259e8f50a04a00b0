using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Plugboard.Install;

/// <summary>SHA-256 as in FIPS 180-4. The framework's own is OpenSSL's, which a static executable cannot load.</summary>
public sealed class Sha256
{
    private const int BlockSize = 64;
    private const int LengthAt = 56;

    private static readonly uint[] constants =
    [
        0x428a2f98,
        0x71374491,
        0xb5c0fbcf,
        0xe9b5dba5,
        0x3956c25b,
        0x59f111f1,
        0x923f82a4,
        0xab1c5ed5,
        0xd807aa98,
        0x12835b01,
        0x243185be,
        0x550c7dc3,
        0x72be5d74,
        0x80deb1fe,
        0x9bdc06a7,
        0xc19bf174,
        0xe49b69c1,
        0xefbe4786,
        0x0fc19dc6,
        0x240ca1cc,
        0x2de92c6f,
        0x4a7484aa,
        0x5cb0a9dc,
        0x76f988da,
        0x983e5152,
        0xa831c66d,
        0xb00327c8,
        0xbf597fc7,
        0xc6e00bf3,
        0xd5a79147,
        0x06ca6351,
        0x14292967,
        0x27b70a85,
        0x2e1b2138,
        0x4d2c6dfc,
        0x53380d13,
        0x650a7354,
        0x766a0abb,
        0x81c2c92e,
        0x92722c85,
        0xa2bfe8a1,
        0xa81a664b,
        0xc24b8b70,
        0xc76c51a3,
        0xd192e819,
        0xd6990624,
        0xf40e3585,
        0x106aa070,
        0x19a4c116,
        0x1e376c08,
        0x2748774c,
        0x34b0bcb5,
        0x391c0cb3,
        0x4ed8aa4a,
        0x5b9cca4f,
        0x682e6ff3,
        0x748f82ee,
        0x78a5636f,
        0x84c87814,
        0x8cc70208,
        0x90befffa,
        0xa4506ceb,
        0xbef9a3f7,
        0xc67178f2,
    ];

    private readonly uint[] state = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    private readonly uint[] schedule = new uint[BlockSize];
    private readonly byte[] rest = new byte[BlockSize];
    private int restLength;
    private ulong length;

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        length += (ulong)bytes.Length;
        if (restLength > 0)
        {
            var count = Math.Min(BlockSize - restLength, bytes.Length);
            bytes[..count].CopyTo(rest.AsSpan(restLength));
            restLength += count;
            bytes = bytes[count..];
            if (restLength < BlockSize)
                return;
            Transform(rest);
            restLength = 0;
        }

        for (; bytes.Length >= BlockSize; bytes = bytes[BlockSize..])
            Transform(bytes);
        bytes.CopyTo(rest);
        restLength = bytes.Length;
    }

    /// <summary>Ends it: the digest in lower-case hexadecimal digits, as sha256sum(1) prints it.</summary>
    public string Finish()
    {
        var bits = length * 8;
        rest[restLength++] = 0x80;
        rest.AsSpan(restLength).Clear();
        if (restLength > LengthAt)
        {
            Transform(rest);
            rest.AsSpan().Clear();
        }

        BinaryPrimitives.WriteUInt64BigEndian(rest.AsSpan(LengthAt), bits);
        Transform(rest);
        Span<byte> digest = stackalloc byte[32];
        for (var i = 0; i < state.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(digest[(i * 4)..], state[i]);
        return Convert.ToHexStringLower(digest);
    }

    private void Transform(ReadOnlySpan<byte> block)
    {
        var w = schedule.AsSpan(0, BlockSize);
        for (var i = 0; i < 16; i++)
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        for (var i = 16; i < w.Length; i++)
        {
            var (early, late) = (w[i - 15], w[i - 2]);
            var s0 = BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3);
            var s1 = BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }

        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        // Eight rounds in a row: then each variable is where it was, and none is moved.
        for (var i = 0; i < BlockSize; i += 8)
        {
            var k = constants.AsSpan(i, 8);
            var words = w.Slice(i, 8);
            Round(a, b, c, ref d, e, f, g, ref h, k[0] + words[0]);
            Round(h, a, b, ref c, d, e, f, ref g, k[1] + words[1]);
            Round(g, h, a, ref b, c, d, e, ref f, k[2] + words[2]);
            Round(f, g, h, ref a, b, c, d, ref e, k[3] + words[3]);
            Round(e, f, g, ref h, a, b, c, ref d, k[4] + words[4]);
            Round(d, e, f, ref g, h, a, b, ref c, k[5] + words[5]);
            Round(c, d, e, ref f, g, h, a, ref b, k[6] + words[6]);
            Round(b, c, d, ref e, f, g, h, ref a, k[7] + words[7]);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        h +=
            (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25))
            + (g ^ (e & (f ^ g)))
            + word;
        d += h;
        h +=
            (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22))
            + ((a & b) | (c & (a | b)));
    }
}
