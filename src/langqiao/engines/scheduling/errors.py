"""What the scheduling engine refuses."""

from __future__ import annotations


class SchedulingError(ValueError):
    """A node, task, policy or option cannot be used.

    ``kind`` names the case for the faces that say it in another language; ``subjects`` are the names of what
    is wrong.
    """

    def __init__(self, message: str, *, kind: str, subjects: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.subjects = subjects


class TraceError(SchedulingError):
    """A trace file has a malformed row: ``line`` counts from 1 with the heading, ``column`` is its name."""

    def __init__(self, message: str, *, path: str, line: int, column: str = "") -> None:
        place = f"{path}, line {line}" + (f", column {column}" if column else "")
        super().__init__(f"{place}: {message}", kind="trace", subjects=(path,))
        self.path, self.line, self.column = path, line, column
