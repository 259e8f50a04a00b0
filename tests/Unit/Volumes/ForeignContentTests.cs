using System.Text;
using Plugboard.Volumes.Loop;

namespace Plugboard.Tests.Unit.Volumes;

public sealed class ForeignContentTests
{
    private static byte[] Image(int offset, byte[] bytes)
    {
        var image = new byte[68 * 1024];
        bytes.CopyTo(image, offset);
        return image;
    }

    [Theory]
    [InlineData(512, "LABELONE", "is a volume of LVM")]
    [InlineData(4086, "SWAPSPACE2", "is swap space")]
    [InlineData(0, "hsqs", "has a filesystem of type squashfs")]
    [InlineData(82, "FAT32   ", "has a filesystem of type vfat")]
    [InlineData(54, "FAT16   ", "has a filesystem of type vfat")]
    [InlineData(3, "NTFS    ", "has a filesystem of type ntfs")]
    [InlineData(3, "EXFAT   ", "has a filesystem of type exfat")]
    [InlineData(512, "EFI PART", "is a disk with a partition table (GPT)")]
    [InlineData(32769, "CD001", "is an image of a CD (ISO 9660)")]
    [InlineData(0, "KDMV", "is a virtual machine's disk (VMDK)")]
    [InlineData(0, "vhdxfile", "is a virtual machine's disk (VHDX)")]
    [InlineData(0, "BZh", "is compressed (bzip2)")]
    public void What_is_in_an_image_is_known_by_its_magic_number(int offset, string magic, string what) =>
        Assert.Equal(what, ForeignContent.Find(Image(offset, Encoding.ASCII.GetBytes(magic)))?.What);

    [Theory]
    [InlineData(0, "4c554b53babe", "is an encrypted volume (LUKS)")]
    [InlineData(4096, "fc4e2ba9", "is a part of a RAID (md)")]
    [InlineData(1024, "e2e1f5e0", "has a filesystem of type erofs")]
    [InlineData(1024, "1020f5f2", "has a filesystem of type f2fs")]
    [InlineData(0, "514649fb", "is a virtual machine's disk (qcow2)")]
    [InlineData(64, "7f10dabe", "is a virtual machine's disk (VDI)")]
    [InlineData(0, "1f8b08", "is compressed (gzip)")]
    [InlineData(0, "fd377a585a00", "is compressed (xz)")]
    [InlineData(0, "28b52ffd", "is compressed (zstd)")]
    public void What_has_a_binary_magic_number_too(int offset, string magic, string what) =>
        Assert.Equal(what, ForeignContent.Find(Image(offset, Convert.FromHexString(magic)))?.What);

    [Theory]
    [InlineData("80000000830000000008000000f80100", true)]
    [InlineData("00000000830000000008000000f80100", true)]
    [InlineData("41000000830000000008000000f80100", false)]
    [InlineData("00000000000000000000000000000000", false)]
    public void A_boot_sector_is_a_partition_table_only_with_a_partition(string entry, bool found)
    {
        var image = Image(446, Convert.FromHexString(entry));
        (image[510], image[511]) = (0x55, 0xaa);
        Assert.Equal(found ? "is a disk with a partition table (MBR)" : null, ForeignContent.Find(image)?.What);
    }

    [Fact]
    public void A_short_or_unknown_image_has_nothing_that_is_known()
    {
        Assert.Null(ForeignContent.Find([]));
        Assert.Null(ForeignContent.Find(new byte[100]));
        Assert.Null(ForeignContent.Find(Image(0, "something else"u8.ToArray())));
    }
}
