"""How failed sign-ins are counted: by the name or address that was typed, whichever form it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def typed_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str:
    """The name typed into allauth's form (``login``) or the admin's (``username``), in lower case."""
    given = dict(credentials or {})
    name = given.get("username") or given.get("email") or given.get("login")
    if not name and request is not None:
        name = request.POST.get("login") or request.POST.get("username")
    return str(name or "").strip().lower()
