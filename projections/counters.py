"""What counters and tallies sum, in the order of their columns: our own counts of the incidents that stand."""

from typing import Final

BOUNDS: Final = ("low", "best", "high")
# Per bound: what is known, and how many did not say.
SUMS: Final = (
    "incidents",
    "coarse",  # incidents known less exactly than to the day; they count on their earliest day
    *(f"{what}_{bound}{rest}" for what in ("wounded", "killed") for bound in BOUNDS for rest in ("", "_unknown")),
)
ATTRIBUTIONS: Final = ("claimed", "attributed", "suspected", "disputed", "none")
TALLY_SUMS: Final = (*SUMS, *(f"attribution_{name}" for name in ATTRIBUTIONS))
