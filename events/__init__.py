"""The language: what can be said. Pure: imports nothing of ours, does no I/O, reads no clock."""
