using System.Runtime.InteropServices;
using System.Text;

namespace Plugboard.Linux.Children;

/// <summary>
/// Strings for exec(3): an array of pointers to UTF-8 texts that end with NUL, and a null pointer last. One block of unmanaged memory.
/// </summary>
internal sealed unsafe class CStringArray : IDisposable
{
    private void* block;

    public CStringArray(IReadOnlyList<string> texts)
    {
        var pointers = (nuint)(texts.Count + 1) * (nuint)sizeof(byte*);
        var size = pointers;
        foreach (var text in texts)
            size += (nuint)Encoding.UTF8.GetByteCount(text) + 1;
        block = NativeMemory.Alloc(size);
        Pointer = (byte**)block;
        var at = (byte*)block + pointers;
        var end = (byte*)block + size;
        for (var i = 0; i < texts.Count; i++)
        {
            Pointer[i] = at;
            at += Encoding.UTF8.GetBytes(texts[i], new Span<byte>(at, (int)(end - at)));
            *at++ = 0;
        }

        Pointer[texts.Count] = null;
    }

    public byte** Pointer { get; }

    public void Dispose()
    {
        NativeMemory.Free(block);
        block = null;
    }
}
