using System.Text;
using Plugboard.Coordinator.Cli;
using Plugboard.Linux;
using Plugboard.Linux.Files;

// Any process on the node can read a command line, which a user who gives a password there may not know.
for (var i = 0; i < args.Length; i++)
{
    const string Password = "--etcd-password";
    if (args[i].StartsWith(Password + "=", StringComparison.Ordinal))
        OwnProcess.EraseArguments(Encoding.UTF8.GetBytes(args[i]));
    else if (args[i] == Password && i + 1 < args.Length && args[i + 1].Length > 0)
        OwnProcess.EraseArguments(Encoding.UTF8.GetBytes(args[i + 1]));
}

OwnProcess.OutliveFileSizeLimit();
try
{
    return new Verbs().Invoke(args);
}
catch (SettingException e)
{
    // Of the command line or the environment, before a verb had a say.
    StandardError.WriteLine($"coordinator: {e.Message}");
    return 1;
}
