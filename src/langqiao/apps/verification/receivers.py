"""What the joint conference tells a call, through the signals named in ``registry.signals``."""

from __future__ import annotations

from typing import Any

from langqiao.apps.registry.signals import conference_decided, notice_ended
from langqiao.apps.verification.domain.asking import take_decision, take_notice


def decided(
    sender: Any,  # noqa: ARG001  the signature of a receiver
    *,
    actor: Any,
    subject: str,
    outcome: str,
    resolution: str = "",
    url: str = "",
    **_more: Any,
) -> None:
    """The conference resolved on a matter; kept where it is a call that waits for it."""
    take_decision(actor, subject=subject, outcome=outcome, resolution=str(resolution), url=url)


def notice_over(
    sender: Any,  # noqa: ARG001  the signature of a receiver
    *,
    actor: Any,
    subject: str,
    upheld: list[str],
    url: str = "",
    **_more: Any,
) -> None:
    """A public notice ended; kept where it is a call that waits for it."""
    take_notice(actor, subject=subject, upheld=list(upheld), url=url)


def connect() -> None:
    """Listen, once."""
    conference_decided.connect(decided, dispatch_uid="verification.decided")
    notice_ended.connect(notice_over, dispatch_uid="verification.notice_over")
