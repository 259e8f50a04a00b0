using Plugboard.Installer;

return CommandLine.Run(args);
