"""What the KME refuses. No message ever holds key material."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

BAD_REQUEST: Final = 400
UNAUTHORISED: Final = 401
UNAVAILABLE: Final = 503

SIZE_MULTIPLE: Final = "size shall be a multiple of 8"
MANDATORY_UNSUPPORTED: Final = "not all extension_mandatory parameters are supported"
MANDATORY_UNMET: Final = "not all extension_mandatory request options could be met"
OPTIONAL_UNHANDLED: Final = "not all extension_optional request options handled"
NOT_FOUND: Final = "one or more keys specified are not found on KME"


class KmeError(ValueError):
    """A configuration, certificate, store or source cannot be used; ``kind`` names the case."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class Refusal(Exception):
    """A request that is answered with the standard's Error body (ETSI GS QKD 014, 6.6).

    Args:
        status: 400, 401 or 503.
        message: the standard's sentence where it has one.
        details: name/value pairs for ``details``.
        retry_after: seconds for the Retry-After header of a 503.
    """

    def __init__(
        self, status: int, message: str, *, details: Mapping[str, Any] | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """Return the Error object: ``message`` and, where there are some, ``details``."""
        found: dict[str, Any] = {"message": self.message}
        if self.details:
            found["details"] = [{name: value} for name, value in self.details.items()]
        return found


def bad_request(message: str, **details: Any) -> Refusal:
    """Return a 400."""
    return Refusal(BAD_REQUEST, message, details=details)


def unauthorised(message: str, **details: Any) -> Refusal:
    """Return a 401; the standard leaves its body open, a widely used client needs one."""
    return Refusal(UNAUTHORISED, message, details=details)


def unavailable(message: str, *, retry_after: int = 1, **details: Any) -> Refusal:
    """Return a 503 that says when to come back."""
    return Refusal(UNAVAILABLE, message, details=details, retry_after=max(1, retry_after))
