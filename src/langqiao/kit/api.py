"""What every API router shares: who is calling, paging with a total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Schema
from ninja.errors import AuthenticationError
from ninja.pagination import PaginationBase
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from langqiao.kit.refusals import NotAllowed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Given by the floor that owns tokens: secret → (user, token) or None.
TokenReader = Callable[[str], tuple[Any, Any] | None]
_token_readers: list[TokenReader] = []


def register_token_reader(reader: TokenReader) -> None:
    """Say how a bearer token's secret becomes its user and itself (``user``, object with ``may_write``)."""
    _token_readers[:] = [reader]


class BearerOrSession(HttpBearer):
    """A bearer token where one is sent, else the signed-in session (with CSRF for writing)."""

    csrf = True  # the docs page sends the session's CSRF token along

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" in request.headers:
            scheme, _space, secret = request.headers["Authorization"].partition(" ")
            if scheme.lower() != "bearer" or not secret.strip():
                raise AuthenticationError
            return self.authenticate(request, secret.strip())
        if getattr(request.user, "is_authenticated", False):
            if request.method not in SAFE and check_csrf(request) is not None:
                raise NotAllowed(
                    _("会话写入须带 CSRF 令牌。"), mend=_("请使用接口令牌，或加上 X-CSRFToken 请求头。")
                )
            return request.user
        return None

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token's user, who becomes ``request.user``.

        Raises:
            AuthenticationError: the token is unknown, expired or revoked.
            NotAllowed: it may only read.
        """
        found = _token_readers[0](token) if _token_readers else None
        if found is None:
            raise AuthenticationError
        user, held = found
        if request.method not in SAFE and not held.may_write:
            raise NotAllowed(_("该令牌只能读取。"), mend=_("请签发允许写入的令牌。"))
        request.user = user
        request.api_token = held  # type: ignore[attr-defined]  # says that no person sits there
        return user


def allow_anyone(request: HttpRequest) -> bool:  # noqa: ARG001  the signature of ninja's callbacks
    """Let a stranger in; verbs and queries decide what a stranger may do and read."""
    return True


bearer_or_session = BearerOrSession()


class Paged(PaginationBase):
    """``?limit=&offset=``; answers ``{"items": […], "total": n, "limit": …, "offset": …}``."""

    class Input(Schema):
        limit: int = Field(settings.NINJA_PAGINATION_PER_PAGE, ge=1, le=settings.NINJA_PAGINATION_MAX_LIMIT)
        offset: int = Field(0, ge=0, le=10_000_000)

    class Output(Schema):
        items: list[Any]
        total: int
        limit: int
        offset: int

    def paginate_queryset(
        self,
        queryset: QuerySet[Any],
        pagination: Any,
        request: HttpRequest,  # noqa: ARG002  the base class passes it
        **params: Any,  # noqa: ARG002
    ) -> dict[str, Any]:
        rows = queryset[pagination.offset : pagination.offset + pagination.limit]
        total = queryset.count() if isinstance(queryset, QuerySet) else len(queryset)
        return {"items": list(rows), "total": total, "limit": pagination.limit, "offset": pagination.offset}
