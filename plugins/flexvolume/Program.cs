using Plugboard.FlexVolume;

return FlexProcess.Run(args);
