using System.CommandLine;
using Plugboard.Coordinator.Operators;
using Plugboard.Linux.Files;

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
