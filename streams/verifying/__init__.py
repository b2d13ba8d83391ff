"""`tocsin verify`: a published snapshot against the log it came from and the wire it led to."""
