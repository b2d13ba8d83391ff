"""Rules tried on the past of a timeline: run, counted, drawn. Reads a published snapshot and touches nothing."""
