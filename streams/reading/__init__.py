"""How what is projected is read: the published snapshots, the state of the line, the messages as they come."""
