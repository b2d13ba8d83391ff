"""The shell: Kafka, clock, settings, processes. All that can fail for reasons outside the code; may import every other folder."""
