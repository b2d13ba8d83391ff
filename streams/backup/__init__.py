"""The log as files: exported, checked, and put back with every record at its offset. docs/adr/0015."""
