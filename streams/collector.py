"""Python's garbage collector, for processes that handle records in batches."""

import gc


def calm_the_collector() -> None:
    """Have it look seldom, and never at what is there before the first batch.

    A batch makes some hundred thousand objects that live until it is written, and none of them in circles: looking at
    them again and again took up to half of the time of catching up.
    """
    gc.freeze()
    gc.set_threshold(2_000_000, 50, 100)
