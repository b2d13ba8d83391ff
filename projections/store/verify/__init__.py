"""Whether a published snapshot is what it must be: the laws as queries that share nothing with the code they check."""
