"""Pages of a person: notifications, API tokens, profile, members of the organisations they look after."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from langqiao.apps.accounts.domain import (
    end_membership,
    grant_membership,
    issue_token,
    mark_read,
    revoke_token,
)
from langqiao.apps.accounts.forms import MembershipForm, ProfileForm, TokenForm
from langqiao.apps.accounts.models import ApiToken, Membership, Notification, Role, User
from langqiao.apps.accounts.queries import current_memberships, holds_role
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused

MEMBERS_SHOWN = 200


def _me(request: HttpRequest) -> User:
    """The signed-in person; the decorator let nobody else in."""
    return cast("User", request.user)


@login_required
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first."""
    rows = Notification.objects.filter(user=_me(request))
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    return render(request, "accounts/notifications.html", {"page": page})


@login_required
@require_GET
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one read and go where it leads."""
    row = get_object_or_404(Notification, pk=pk, user=_me(request))
    mark_read(_me(request), notifications=[row.pk])
    safe = url_has_allowed_host_and_scheme(row.url, allowed_hosts=None)
    return redirect(row.url if row.url and safe else "notifications")


@login_required
@require_POST
def read_notifications(request: HttpRequest) -> HttpResponse:
    """Mark all read."""
    mark_read(_me(request))
    return redirect("notifications")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's API tokens; a new one's secret is shown in the answer to its own request, never again."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, secret = issue_token(_me(request), **form.cleaned_data)
        except Invalid as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            form = TokenForm()
    rows = ApiToken.objects.filter(user=_me(request))
    context = {"form": form, "secret": secret, "tokens": rows, "now": timezone.now()}
    return render(request, "accounts/tokens.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of the person's tokens."""
    revoke_token(_me(request), get_object_or_404(ApiToken, pk=pk))
    messages.success(request, _("令牌已吊销，立即失效。"))
    return redirect("tokens")


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The person's name and language, and the roles they hold."""
    form = ProfileForm(request.POST or None, instance=_me(request))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        if person.language:
            translation.activate(person.language)
        messages.success(request, _("已保存。"))
        response = redirect("profile")
        if person.language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                person.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response
    mine = Membership.objects.filter(user=_me(request)).select_related("organisation__city")
    return render(
        request, "accounts/profile.html", {"form": form, "mine": mine, "today": timezone.localdate()}
    )


def _looked_after(user: Any) -> list[Any]:
    """Organisations that the person manages."""
    found = {m.organisation_id: m.organisation for m in current_memberships(user) if m.is_manager}
    return sorted(found.values(), key=str)


def _organisation(request: HttpRequest) -> Any:
    """The organisation asked for, or the first one looked after; None when there is none."""
    model = Membership._meta.get_field("organisation").related_model
    asked = request.GET.get("organisation", "")
    if asked.isascii() and asked.isdigit():
        return get_object_or_404(model, pk=int(asked))
    mine = _looked_after(_me(request)) or [m.organisation for m in current_memberships(_me(request))]
    return mine[0] if mine else None


@login_required
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Members of an organisation: its manager (or the office) grants and ends roles."""
    organisation = _organisation(request)
    if organisation is None:
        return render(request, "accounts/members.html", {"organisation": None})
    require(_me(request), "accounts.grant_membership", organisation)
    is_office = holds_role(_me(request), Role.OFFICE)
    form = MembershipForm(request.POST or None, is_office=is_office)
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        try:
            person = _person(facts.pop("user"))
            grant_membership(_me(request), person, organisation, Role(facts.pop("role")), **facts)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("已授予角色。"))
            return redirect(f"{request.path}?organisation={organisation.pk}")
    rows = Membership.objects.filter(organisation=organisation).select_related("user")
    context = {
        "organisation": organisation,
        "others": _looked_after(_me(request)),
        "members": rows.order_by("role", "user__username")[:MEMBERS_SHOWN],
        "form": form,
        "today": timezone.localdate(),
    }
    return render(request, "accounts/members.html", context)


def _person(text: str) -> User:
    """The active user of a name or an e-mail address.

    Raises:
        Invalid: there is none, or several share the address.
    """
    # Whoever signed up may have typed somebody else's address: it counts once it is verified.
    unproven = EmailAddress.objects.filter(user=OuterRef("pk"), email__iexact=text, verified=False)
    by_address = Q(email__iexact=text) & ~Exists(unproven)
    found = list(User.objects.filter(Q(username=text) | by_address, is_active=True)[:2])
    if len(found) != 1:
        raise Invalid(
            _("没有找到唯一的账号“%(text)s”。") % {"text": text},
            mend=_("请核对用户名；邮箱须已由对方验证。"),
            field="user",
        )
    return found[0]


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership as of today."""
    membership = get_object_or_404(Membership.objects.select_related("organisation", "user"), pk=pk)
    end_membership(_me(request), membership)
    messages.success(request, _("角色已终止。"))
    if allowed(_me(request), "accounts.grant_membership", membership.organisation):
        from django.urls import reverse

        return redirect(f"{reverse('members')}?organisation={membership.organisation_id}")
    return redirect("profile")
