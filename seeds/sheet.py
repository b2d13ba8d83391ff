"""A file of a theatre: its data, and where each part stands. Pure."""

from dataclasses import dataclass

from events import marked
from events.marked import Marked, Path


@dataclass(frozen=True, slots=True)
class Sheet:
    """The data of one file."""

    file: str
    marked: Marked

    @classmethod
    def of(cls, file: str, text: str) -> "Sheet":
        """The sheet of a file's text."""
        return cls(file, marked.read(text))

    @property
    def faults(self) -> list[str]:
        """What keeps it from being read, one line each."""
        return [f"{self.file}:{at.line}: {said}" for at, said in sorted(self.marked.faults)]

    def fault(self, path: Path, said: str) -> str:
        """One line that names the place and says what is wrong there."""
        where = ".".join(map(str, path))
        at = self.marked.place(path, of_key=True)
        return f"{self.file}:{at.line}: {f'{where}: ' if where else ''}{said}"
