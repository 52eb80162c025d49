"""What sealing and opening refuse: the case, the place in the file, and what to do."""

from __future__ import annotations

from langqiao.engines.sm.errors import SmError


class SealedError(SmError):
    """A file cannot be sealed or opened.

    ``kind`` names the case:

    * ``format`` no sealed file, or a version this programme does not know; ``header`` the header was changed;
      ``truncated``, ``extra`` bytes are missing at, or follow, the end; ``changed``, ``missing``,
      ``repeated``, ``swapped`` segments; ``metadata``, ``manifest``, ``trailer``, ``signature`` the
      part that was changed;
    * ``untrusted`` the sender's key is not in the list of trusted keys; ``recipient`` sealed for
      somebody else; ``key`` a key is not to be had or does not fit; ``kem`` the ML-KEM key is missing
      or another one;
    * ``journal``, ``secret`` what a resumption needs is damaged; ``source`` the source file was changed
      meanwhile; ``file`` a folder, pipe or device in a file's place; ``same`` source and target are one;
      ``exists`` the target is there already; ``space`` the disk is full; ``busy`` another
      process works at it; ``cancelled`` as asked; ``options``, ``name``, ``receipt``, ``trust`` a value
      cannot be used.

    ``part`` names the place in words (``header``, ``segment 7``, ``manifest`` …); ``segment`` is the
    number of the first segment concerned, counted from 0, where there is one.
    """

    def __init__(self, message: str, *, kind: str, part: str = "", segment: int | None = None) -> None:
        place = part or (f"segment {segment}" if segment is not None else "")
        super().__init__(f"{place}: {message}" if place else message, kind=kind)
        self.part, self.segment, self.reason = place, segment, message
