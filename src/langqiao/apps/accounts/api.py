"""API of a person's own matters: who am I, notifications, tokens."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema
from ninja.pagination import paginate
from ninja.responses import Status

from langqiao.apps.accounts.domain import issue_token, mark_read, revoke_token
from langqiao.apps.accounts.models import ApiToken, Notification, User
from langqiao.apps.accounts.queries import current_memberships
from langqiao.kit.api import Paged
from langqiao.kit.refusals import NotAllowed

router = Router(tags=["accounts"])


class MembershipOut(Schema):
    """A role the person holds today."""

    organisation_id: int
    organisation: str
    role: str
    is_manager: bool
    valid_from: date
    valid_to: date | None


class MeOut(Schema):
    """The person calling."""

    username: str
    display_name: str
    language: str
    memberships: list[MembershipOut]


class NotificationOut(Schema):
    """Something the person was told."""

    id: int
    at: datetime
    text: str
    url: str
    read_at: datetime | None


class TokenIn(Schema):
    """What a new token is for."""

    name: str
    days: int = 90
    may_write: bool = False


class TokenOut(Schema):
    """A token, never its secret."""

    id: int
    name: str
    may_write: bool
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenOut):
    """A token just issued, with its secret, this once."""

    secret: str


class ReadIn(Schema):
    """Which notifications were read; all when none are named."""

    ids: list[int] | None = None


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotAllowed(_("此接口只供有账号的人使用。"), mend=_("请带上接口令牌，或先登录。"))
    return request.user


@router.get("/me", response=MeOut, summary="Who am I (我是谁)")
def me(request: HttpRequest) -> dict[str, Any]:
    """The caller with the roles held today."""
    person = _person(request)
    return {
        "username": person.username,
        "display_name": person.display_name,
        "language": person.language,
        "memberships": [
            {
                "organisation_id": m.organisation_id,
                "organisation": str(m.organisation),
                "role": m.role,
                "is_manager": m.is_manager,
                "valid_from": m.valid_from,
                "valid_to": m.valid_to,
            }
            for m in current_memberships(person)
        ],
    }


@router.get("/me/notifications", response=list[NotificationOut], summary="My notifications (我的通知)")
@paginate(Paged)
def notifications(request: HttpRequest, *, unread: bool = False) -> Any:
    """Newest first; ``unread=true`` leaves out what was read."""
    rows = Notification.objects.filter(user=_person(request))
    return rows.filter(read_at=None) if unread else rows


@router.post("/me/notifications/read", response=dict[str, int], summary="Mark read (标为已读)")
def read(request: HttpRequest, body: ReadIn) -> dict[str, int]:
    """Mark the named notifications read; answers how many were unread."""
    return {"marked": mark_read(_person(request), notifications=body.ids)}


@router.get("/me/tokens", response=list[TokenOut], summary="My API tokens (我的接口令牌)")
@paginate(Paged)
def tokens(request: HttpRequest) -> Any:
    """All tokens, also those that ended."""
    return ApiToken.objects.filter(user=_person(request))


@router.post("/me/tokens", response={201: TokenMade}, summary="Issue an API token (签发接口令牌)")
def issue(request: HttpRequest, body: TokenIn) -> Status[dict[str, Any]]:
    """The secret is in this answer and nowhere else; a token cannot issue another, which would outlive it."""
    if getattr(request, "api_token", None) is not None:
        raise NotAllowed(
            _("不能用令牌签发令牌。"), mend=_("请登录后在“接口令牌”页面签发，或以登录会话调用。")
        )
    token, secret = issue_token(_person(request), name=body.name, may_write=body.may_write, days=body.days)
    return Status(201, {**TokenOut.from_orm(token).dict(), "secret": secret})


@router.post("/me/tokens/{token_id}/revoke", response=TokenOut, summary="Revoke an API token (吊销接口令牌)")
def revoke(request: HttpRequest, token_id: int) -> ApiToken:
    """It stops working at once."""
    person = _person(request)
    return revoke_token(person, get_object_or_404(ApiToken, pk=token_id, user=person))
