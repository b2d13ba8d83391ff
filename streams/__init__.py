"""The shell: Kafka, clock, settings, processes: all that can fail for reasons outside. May import every folder."""
