"""One worker: the partitions it holds, and of each the file, the relay and the snapshot. The verbs start it."""
