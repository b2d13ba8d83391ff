"""How long a thread keeps Python to itself while another one waits for its turn.

Python's usual 5 ms suit a line that has caught up: who tells of an alert waits for nobody for long. Far behind, the
threads that fold, write, ask and fetch take turns so often that catching up takes a tenth longer (docs/adr/0026).
"""

import sys
from typing import Final

SHORT: Final = 0.005  # seconds, which is Python's default
LONG: Final = 0.02
FAR: Final = 20_000  # records that are still to be applied


def share_out(behind: int) -> None:
    """Set how long turns are, by how many records are still to be applied."""
    sys.setswitchinterval(LONG if behind > FAR else SHORT)
