using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Testing;
using static Tmds.Linux.LibC;

namespace Plugboard.Tests.Kernel.Linux.Mounts;

[Collection("loop devices")]
public sealed class LoopDeviceTests : MountTestBase
{
    private const long Size = 300L << 20;

    private string Image(string fsType = "ext4")
    {
        var image = $"{Place}/image";
        Inside(() =>
        {
            using (var file = new FileStream(image, FileMode.CreateNew))
                file.SetLength(Size);
        });
        Machine.Tool(fsType == "ext4" ? $"mkfs.ext4 -q {image}" : $"mkfs.{fsType} -q {image}");
        return image;
    }

    private static FileDescriptor OpenImage(string image) => FileDescriptor.Open(null, image, O_RDWR, 0);

    private static int DevicesOf(string image) => LoopDevice.List().Count(backing => backing.File == image);

    [KernelFact]
    public void A_file_has_one_device_which_ends_with_its_last_use()
    {
        var image = Image();
        Inside(() =>
        {
            using (var file = OpenImage(image))
            {
                Assert.Null(LoopDevice.Find(file));
                using var device = LoopDevice.Attach(file, image, new LoopOptions());
                Assert.Equal(1, DevicesOf(image));
                using var again = LoopDevice.Find(file);
                Assert.Equal(device.Path, again!.Path);
                Assert.True(again.IsOf(file.Status()));
                using var byPath = LoopDevice.FindByPath(device.Path);
                Assert.True(byPath!.IsOf(file.Status()));
            }

            Eventually.Equal(0, () => DevicesOf(image));
        });
    }

    [KernelFact]
    public void The_device_stays_while_it_is_mounted_and_not_longer()
    {
        var (image, target) = (Image(), Make("t"));
        Inside(() =>
        {
            using var file = OpenImage(image);
            using var device = LoopDevice.Attach(file, image, new LoopOptions());
            using var to = FileDescriptor.OpenPath(target);
            new Mounting().Filesystem(new FilesystemMount("ext4") { Source = device.Path }, to);
        });
        Assert.Equal(1, Inside(() => DevicesOf(image)));
        Peel(target);
        Eventually.Equal(0, () => Inside(() => DevicesOf(image)));
    }

    [KernelFact]
    public void A_read_only_device_takes_no_writes()
    {
        var image = Image();
        Inside(() =>
        {
            using var file = FileDescriptor.OpenForReading(image);
            using var device = LoopDevice.Attach(file, image, new LoopOptions { ReadOnly = true });
            Assert.True(device.IsReadOnly);
        });
    }

    [KernelTheory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("ext4")]
    public void A_filesystem_grows_while_it_is_mounted(string fsType)
    {
        var (image, target) = (Image(fsType), Make("t"));
        Inside(() =>
        {
            using var file = OpenImage(image);
            using var device = LoopDevice.Attach(file, image, new LoopOptions());
            using (var to = FileDescriptor.OpenPath(target))
                new Mounting().Filesystem(new FilesystemMount(fsType) { Source = device.Path }, to);
            using var top = FileDescriptor.OpenDirectory(target);
            var before = top.Space().Bytes;
            file.SetLength(2 * Size);
            device.UpdateCapacity();
            try
            {
                FilesystemGrowth.Grow(fsType, top, 2 * Size);
                Assert.InRange(top.Space().Bytes, before + (Size * 9 / 10), 2 * Size);
            }
            catch (ErrnoException e) when (fsType == "ext4")
            {
                // ext4 wants CAP_SYS_RESOURCE, which a test machine may lack.
                Assert.Equal((Errno.EPERM, before), (e.Errno, top.Space().Bytes));
            }
        });
        Peel(target);
    }

    [KernelFact]
    public void The_list_is_read_while_devices_come_and_go()
    {
        var image = Image();
        using var stop = new CancellationTokenSource();
        var churn = Task.Run(() =>
            Inside(() =>
            {
                using var file = OpenImage(image);
                while (!stop.IsCancellationRequested)
                    LoopDevice.Attach(file, image, new LoopOptions()).Dispose();
            })
        );
        Inside(() =>
        {
            for (var i = 0; i < 500; i++)
                Assert.InRange(DevicesOf(image), 0, 1);
        });
        stop.Cancel();
        churn.Wait(TimeSpan.FromSeconds(10));
        Assert.True(churn.IsCompletedSuccessfully);
    }
}
