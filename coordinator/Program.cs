using Plugboard.Coordinator.Operators;

return new Verbs().Root().Parse(args).Invoke();
