using System.Text;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Linux;

public sealed class ElfNotesTests
{
    private static byte[] Note(string owner, uint type, byte[] content)
    {
        var name = Encoding.ASCII.GetBytes(owner + "\0");
        byte[] head = [.. BitConverter.GetBytes(name.Length), .. BitConverter.GetBytes(content.Length), .. BitConverter.GetBytes(type)];
        return [.. head, .. Filled(name), .. Filled(content)];
    }

    private static byte[] Filled(byte[] bytes) => [.. bytes, .. new byte[(4 - bytes.Length % 4) % 4]];

    [Fact]
    public void The_note_of_an_owner_and_a_type_is_found_among_others()
    {
        byte[] notes = [.. Note("GNU", 1, [9]), .. Note("Plugboard", 2, [8]), .. Note("Plugboard", 1, [7, 6])];
        Assert.Equal([7, 6], ElfNotes.FindIn(notes, "Plugboard\0"u8, 1));
        Assert.Equal([9], ElfNotes.FindIn(notes, "GNU\0"u8, 1));
        Assert.Null(ElfNotes.FindIn(notes, "GNU\0"u8, 3));
    }

    [Fact]
    public void A_note_that_reaches_beyond_the_end_is_none()
    {
        var note = Note("Plugboard", 1, [1, 0, 0, 0]);
        for (var length = 0; length < note.Length; length++)
            Assert.Null(ElfNotes.FindIn(note.AsSpan(0, length), "Plugboard\0"u8, 1));
        Assert.NotNull(ElfNotes.FindIn(note, "Plugboard\0"u8, 1));
    }
}
