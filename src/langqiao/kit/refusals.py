"""Refusals (拒绝): the one error a user meets, with the reason and the way to mend it."""

from __future__ import annotations

from django.utils.translation import gettext


class Refused(Exception):
    """An act was refused.

    Attributes:
        why: what was wrong, one sentence for the person who tried.
        mend: what to do about it; may be empty when ``why`` says it.
        field: the field that was wrong, empty when the whole act was.
        row: the 1-based row of an imported table, or None.
    """

    status = 409

    def __init__(self, why: object, *, mend: object = "", field: str = "", row: int | None = None) -> None:
        # Lazy translations are turned into text late, in the language of whoever reads the message.
        self._why, self._mend, self.field, self.row = why, mend, field, row
        super().__init__(why)

    @property
    def why(self) -> str:
        return str(self._why)

    @property
    def mend(self) -> str:
        return str(self._mend)

    def __str__(self) -> str:
        if not self.mend:
            return self.why
        # English puts a space between the two sentences, Chinese does not.
        return gettext("%(why)s%(mend)s") % {"why": self.why, "mend": self.mend}


class NotAllowed(Refused):
    """The actor's roles do not allow the act (无权限)."""

    status = 403


class TooMany(Refused):
    """Too many requests in a short time (请求太频繁)."""

    status = 429
    retry_after = 60  # seconds


class Invalid(Refused):
    """A value is missing or wrong (数据有误); ``field`` names it."""

    status = 422
