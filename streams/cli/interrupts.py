"""What ctrl-C does: it ends the process at once while that is loaded, and the verb, in order, once there is one."""

import os

INTERRUPTED = 130  # ctrl-C, as shells have it


def loaded() -> None:
    """From now on ctrl-C is an exception in the verb that runs."""
    import signal

    if signal.getsignal(signal.SIGINT) is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def leave(*_: object) -> None:
    os._exit(INTERRUPTED)
