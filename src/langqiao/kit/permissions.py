"""Permissions as named predicates: who may do what, and the sentence said when not.

Every app registers its permissions in ``rules.py``; verbs call :func:`require`, pages and the API
call :func:`allowed` to decide what to show. A superuser gets no shortcut here: sealed matter stays
sealed to technical staff (least privilege).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import Predicate

from langqiao.kit.refusals import NotAllowed


@dataclass(frozen=True, slots=True)
class Permission:
    """A named act: its predicate, its label in lists and the refusal's words."""

    name: str
    label: object
    predicate: Predicate
    why: object


_registered: dict[str, Permission] = {}


def permit(name: str, predicate: Predicate, *, label: object, why: object) -> None:
    """Register the permission ``app.act``.

    Raises:
        KeyError: the name is registered already.
    """
    if name in _registered:
        raise KeyError(name)
    _registered[name] = Permission(name, label, predicate, why)


def permissions() -> list[Permission]:
    """All registered permissions by name, for the role × action matrix."""
    return [_registered[name] for name in sorted(_registered)]


def allowed(actor: Any, permission: str, target: object = None) -> bool:
    """Say whether ``actor`` (a user or None) may do ``permission`` to ``target``.

    Raises:
        KeyError: no such permission; a typing error must not read as "no".
    """
    if permission not in _registered:
        raise KeyError(permission)
    if actor is not None and getattr(actor, "is_authenticated", False) and not actor.is_active:
        return False
    return bool(_registered[permission].predicate.test(actor, target))


def require(actor: Any, permission: str, target: object = None) -> None:
    """Let the act pass or refuse it.

    Raises:
        NotAllowed: the actor may not; the message says who may.
    """
    if allowed(actor, permission, target):
        return
    mend = "" if actor is not None and getattr(actor, "is_authenticated", False) else _("请先登录。")
    raise NotAllowed(_registered[permission].why, mend=mend)
