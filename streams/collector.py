"""Python's garbage collector, for processes that handle records in batches."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def calm_collector() -> Iterator[None]:
    """Have it look seldom, and never at what was there before.

    A batch makes some hundred thousand objects that live until it is written, and none of them in circles: looking at
    them again and again took up to half of the time of catching up.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(2_000_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
