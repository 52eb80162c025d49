"""What the quantum engine refuses."""

from __future__ import annotations


class QkdError(ValueError):
    """A parameter, network, demand or operation cannot be used.

    ``kind`` names the case for the faces that say it in another language; ``subjects`` are the names of what
    is wrong.
    """

    def __init__(self, message: str, *, kind: str, subjects: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.subjects = subjects
