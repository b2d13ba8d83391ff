"""`tocsin`: where it begins. What takes a while to be loaded is loaded where ctrl-C has a meaning already."""

import sys

from streams.cli.interrupts import INTERRUPTED, leave

TYPE_CHECKING = False  # as typing has it, which takes a while itself
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(arguments: "Sequence[str] | None" = None) -> "NoReturn":
    """Run a verb and leave with its exit code; with 130 and without a word after ctrl-C, however early it comes.

    While it is loaded nothing is begun yet that would have to be ended well, and an exception is no way out: some of
    what is loaded takes it for another fault, or dies of it.
    """
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # who starts us may want ctrl-C ignored
            signal.signal(signal.SIGINT, leave)
        from streams.cli.verbs import run

        run(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
