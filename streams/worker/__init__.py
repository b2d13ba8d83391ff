"""One worker: the partitions it holds, and of each the file, the relay and the snapshot. May import all of `streams` but the verbs."""
