"""Adding, changing and retiring records: permission, form, verb, redirect."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from langqiao.apps.accounts.models import User
from langqiao.apps.registry.domain import end_role, give_role, link_person
from langqiao.apps.registry.domain.kinds import KINDS
from langqiao.apps.registry.domain.verbs import VERBS
from langqiao.apps.registry.forms import LinkForm, RetireForm, RoleForm, form_class
from langqiao.apps.registry.models import Organisation, OrganisationRole, Person
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, *, kind_name: str) -> HttpResponse:
    """Add a record of a kind."""
    kind = KINDS[kind_name]
    require(request.user, kind.add_permission)
    form = form_class(kind_name)(request.user, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        record = form.save()
        if record is not None:
            messages.success(request, _("已登记。"))
            return redirect(record)
    back = reverse(f"{kind.model.page}_list")
    context = {"form": form, "kind": kind, "record": None, "back": back}
    return render(request, "registry/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int, *, kind_name: str) -> HttpResponse:
    """Change a record."""
    kind = KINDS[kind_name]
    record = get_object_or_404(kind.model, pk=pk)
    require(request.user, kind.keep_permission, record)
    form = form_class(kind_name)(request.user, record, request.POST or None)
    if request.method == "POST" and form.is_valid():
        revised = form.save()
        if revised is not None:
            messages.success(request, _("已保存。"))
            return redirect(revised)
    context = {"form": form, "kind": kind, "record": record, "back": record.get_absolute_url()}
    return render(request, "registry/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: HttpRequest, pk: int, *, kind_name: str) -> HttpResponse:
    """Retire a record, with the reason."""
    kind = KINDS[kind_name]
    record = get_object_or_404(kind.model, pk=pk)
    require(request.user, "registry.retire", record)
    form = RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        VERBS[kind_name].retire(request.user, record, why=form.cleaned_data["why"])
        messages.success(request, _("已注销。"))
        return redirect(f"{record.page}_list")
    context = {"form": form, "kind": kind, "record": record}
    return render(request, "registry/retire.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def role_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an organisation a role."""
    organisation = get_object_or_404(Organisation, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(_first_error(form), field=next(iter(form.errors)))
    give_role(request.user, organisation, **form.cleaned_data)
    messages.success(request, _("已授予角色。"))
    return redirect(organisation)


def _first_error(form: Any) -> str:
    name, errors = next(iter(form.errors.items()))
    return f"{form.fields[name].label}：{errors[0]}"


@login_required
@require_POST
def role_end(request: HttpRequest, pk: int, role_pk: int) -> HttpResponse:
    """End a role of an organisation."""
    role = get_object_or_404(OrganisationRole, pk=role_pk, organisation_id=pk)
    end_role(request.user, role)
    messages.success(request, _("已终止角色。"))
    return redirect(role.organisation)


@login_required
@require_POST
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link an expert with an account, or undo it."""
    person = get_object_or_404(Person, pk=pk)
    require(request.user, "registry.link_person", person)
    form = LinkForm(request.POST)
    if not form.is_valid():
        raise Invalid(_first_error(form), field="username")
    username = form.cleaned_data["username"]
    user = User.objects.filter(username=username, is_active=True).first() if username else None
    if username and user is None:
        raise Invalid(_("没有这个用户名。"), mend=_("请核对后重试。"), field="username")
    link_person(request.user, person, user)
    messages.success(request, _("已关联账号。") if user else _("已解除关联。"))
    return redirect(person)
