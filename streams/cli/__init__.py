"""The verbs: one module per verb or family of verbs; each parses, calls one function, prints, sets the exit code."""
