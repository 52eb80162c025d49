"""What is wrong with an input: one error, whose message says what it was."""

from __future__ import annotations


class SelectionError(ValueError):
    """The reviews, candidates or rules cannot be used.

    Attributes:
        kind: a short name of the fault, for callers who word it themselves.
        subjects: the items, reviewers, candidates or columns that it is about.
    """

    def __init__(self, message: str, *, kind: str, subjects: tuple[str, ...] = ()) -> None:
        self.kind, self.subjects = kind, subjects
        super().__init__(message)
