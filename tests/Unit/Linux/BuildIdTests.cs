using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Linux;

public sealed class BuildIdTests
{
    [Fact]
    public void The_own_one_is_that_of_the_own_executable() => Assert.Equal(BuildId.Find("/proc/self/exe"), BuildId.FindOwn());

    [Theory]
    [InlineData("")]
    [InlineData("#!/bin/sh")]
    [InlineData("\u007fELF")]
    public void What_is_no_executable_has_none(string text)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            Assert.Null(BuildId.Find(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Mutilated_headers_do_no_harm()
    {
        var path = Path.GetTempFileName();
        try
        {
            var random = new Random(7);
            var head = new byte[4096];
            using (var file = File.OpenRead("/proc/self/exe"))
                file.ReadExactly(head);
            for (var i = 0; i < 500; i++)
            {
                var bytes = (byte[])head.Clone();
                for (var n = 0; n < 8; n++)
                    bytes[6 + random.Next(1000)] = (byte)random.Next(256);
                File.WriteAllBytes(path, bytes.AsSpan(0, random.Next(bytes.Length)));
                _ = BuildId.Find(path);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_note_is_found_after_others_and_its_sizes_are_believed_only_within_bounds()
    {
        byte[] other = [4, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, (byte)'G', (byte)'N', (byte)'U', 0, 9, 9, 0, 0];
        byte[] id = [4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, (byte)'G', (byte)'N', (byte)'U', 0, 1, 2, 3];
        Assert.Equal([1, 2, 3], BuildId.FindIn([.. other, .. id]));
        id[4] = 0xff;
        Assert.Null(BuildId.FindIn(id));
        id[0] = id[1] = id[2] = id[3] = 0xff;
        Assert.Null(BuildId.FindIn(id));
    }
}
