"""What the cryptographic engine refuses."""

from __future__ import annotations


class SmError(ValueError):
    """A key, signature, back end or file cannot be used.

    ``kind`` names the case for the faces that say it in another language. A message never holds key material.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class TagError(SmError):
    """An authenticated ciphertext was changed, or is opened with the wrong key, nonce or bound data."""

    def __init__(self, message: str = "the authentication tag does not fit the ciphertext") -> None:
        super().__init__(message, kind="tag")
