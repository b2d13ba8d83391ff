"""How fast the line is, on a real Kafka, beside what its parts alone can do: `make bench`."""
