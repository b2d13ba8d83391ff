"""What a file must be of to be read or written by this code; another one is rebuilt from the log."""

from typing import Final

SCHEMA_VERSION: Final = 6  # of the tables
PROJECTION_VERSION: Final = 1  # of the code that made the contents; what timelines adopt: projections/semantics.py
