"""A process that does not outlive us, not even when we are killed.

A shell waits on a pipe whose other end only we hold; when we end, however that happens, it sees the end of the pipe
and kills the process. Unlike PR_SET_PDEATHSIG that works on every platform and from any thread (with that signal a
process dies with the *thread* that started it). Both get a session of their own: a terminal's ctrl-C reaches us only.
"""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LEASH = 'read -r _; kill -9 "$0"'


@dataclass(frozen=True, slots=True)
class Leashed:
    """A process and the shell that ends it with us."""

    process: subprocess.Popen[bytes]
    leash: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self, sign: signal.Signals, patience_s: float = 30.0) -> int:
        """Ask the process to end, kill it when it takes longer than `patience_s`; its exit code."""
        if self.is_alive():
            self.process.send_signal(sign)
        try:
            code = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.leash.kill()
        self.leash.communicate()
        return code


def leashed(command: list[str], log: Path, inherited: int | None = None) -> Leashed:
    """Start a process that writes to the end of `log` and keeps the descriptor `inherited` open while it lives."""
    keep = () if inherited is None else (inherited,)
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, pass_fds=keep
        )
    leash = subprocess.Popen(["/bin/sh", "-c", _LEASH, str(process.pid)], stdin=subprocess.PIPE, start_new_session=True)
    return Leashed(process, leash)
