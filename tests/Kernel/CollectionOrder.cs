[assembly: Xunit.TestCollectionOrderer("Plugboard.Testing.LongOnesFirst", "Plugboard.Testing")]
