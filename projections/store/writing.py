"""A batch that is being written on a thread of its own, while the next one grows (docs/adr/0026)."""

import threading
from collections.abc import Callable

from projections.growing import Growing


class Writing:
    """The writing of one batch; what is in memory of it stays until it has ended."""

    def __init__(self, it: Growing, write: Callable[[Growing], None]) -> None:
        """Begin it."""
        self.it, self._write = it, write
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="write", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._write(self.it)
        except BaseException as error:  # noqa: BLE001 -- it is raised where somebody can act on it
            self._error = error

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def end(self) -> Growing:
        """Wait for its end; the batch, which is in the tables now.

        Raises:
            BaseException: whatever it failed with; nothing of the batch was written.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.it
