using System.CommandLine;
using System.Text;
using Plugboard.Coordinator.Cli;
using Plugboard.Linux;
using Plugboard.Linux.Files;

// Everybody on the node can read a process's command line; who gives a password there does not want that.
for (var i = 0; i < args.Length; i++)
{
    const string Password = "--etcd-password";
    if (args[i].StartsWith(Password + "=", StringComparison.Ordinal))
        OwnProcess.EraseArguments(Encoding.UTF8.GetBytes(args[i]));
    else if (args[i] == Password && i + 1 < args.Length && args[i + 1].Length > 0)
        OwnProcess.EraseArguments(Encoding.UTF8.GetBytes(args[i + 1]));
}

try
{
    return new Verbs().Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (SettingException e)
{
    // Out of the environment, before a verb had a say.
    StandardError.WriteLine($"coordinator: {e.Message}");
    return 1;
}
