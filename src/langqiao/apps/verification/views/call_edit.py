"""Setting up a call (修改征集): one page a part, saved by itself, rows moved by plain buttons."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.calls import revise_call
from langqiao.apps.verification.forms.calls import FieldForm
from langqiao.apps.verification.forms.choice import choice_from, rows_of
from langqiao.apps.verification.forms.rows import changed, sent, shown, typed, with_keys
from langqiao.apps.verification.models import Call, CallState
from langqiao.apps.verification.views.call_parts import PARTS, Part, Rows
from langqiao.apps.verification.views.calls import readable_call
from langqiao.kit.acting import actor, add_refusal
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused

SAVING = ("save", "next")


def _parts(call: Call) -> list[dict[str, Any]]:
    """The parts that may change now, for the navigation."""
    found = []
    for part in PARTS.values():
        if call.state != CallState.DRAFT and not part.stays_open:
            continue
        count = part.count(call)
        note = ngettext("%(n)d 项", "%(n)d 项", count) % {"n": count} if part.rows and count else ""
        found.append({
            "slug": part.slug, "label": part.label, "url": reverse("call_edit", args=[call.pk, part.slug]),
            "is_done": bool(count), "note": note,
        })  # fmt: skip
    return found


def _editable(request: HttpRequest, pk: int) -> Call:
    call = readable_call(request, pk)
    require(request.user, "verification.keep_call", call)
    if call.state in (CallState.FINISHED, CallState.CANCELLED):
        raise Refused(_("征集已经结束，不能再修改。"))
    return call


@login_required
@require_http_methods(["GET", "POST"])
def call_edit(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    """One part of a call's set-up; without a part, the first that may change."""
    call = _editable(request, pk)
    parts = _parts(call)
    if not slug:
        return redirect(parts[0]["url"])
    place = next((i for i, one in enumerate(parts) if one["slug"] == slug), None)
    if place is None:
        raise Http404
    part = PARTS[slug]
    context: dict[str, Any] = {
        "call": call, "part": part, "parts": parts, "help": part.help,
        "frozen": call.state != CallState.DRAFT,
        "next_url": parts[place + 1]["url"] if place + 1 < len(parts) else "",
    }  # fmt: skip
    if part.rows is not None:
        return _rows_page(request, call, part.rows, context, here=parts[place]["url"])
    return _form_page(request, call, part, context, here=parts[place]["url"])


def _saved(request: HttpRequest, here: str, next_url: str) -> HttpResponse:
    messages.success(request, str(_("已保存。")))
    wish = request.POST.get("do")
    return redirect(next_url if wish == "next" and next_url else here)


def _form_page(
    request: HttpRequest, call: Call, part: Part, context: dict[str, Any], *, here: str
) -> HttpResponse:
    assert part.form is not None
    form = part.form(request.POST or None, call=call)
    if request.method == "POST" and form.is_valid():
        try:
            revise_call(actor(request), call, **form.values())
            return _saved(request, here, context["next_url"])
        except Refused as refused:
            add_refusal(form, refused)
    context["form"] = form
    return render(request, "verification/calls/edit.html", context, status=422 if form.errors else 200)


def _more(call: Call, rows: Rows) -> dict[str, Any]:
    """What a row's form needs beside its values."""
    if rows.column == "chain":
        return {"criteria": [(row["key"], row["name"]) for row in call.criteria]}
    return {}


def _rows_page(
    request: HttpRequest, call: Call, rows: Rows, context: dict[str, Any], *, here: str
) -> HttpResponse:
    more, status = _more(call, rows), 200
    context |= {"noun": rows.noun, "add_label": rows.add, "none": rows.none, "movable": True}
    wish = request.POST.get("do", "save")
    if request.method == "POST" and wish in SAVING:
        formset = sent(rows.form, request.POST, most=rows.most, **more)
        status = 422
        if formset.is_valid():
            read = [form.row() for form in formset]
            try:
                revise_call(actor(request), call, **{rows.column: _column(call, rows, read)})
                return _saved(request, here, context["next_url"])
            except Refused as refused:
                context["faults"] = [str(refused)]
    elif request.method == "POST":
        typed_rows = typed(rows.form, request.POST, most=rows.most, **more)
        formset = shown(rows.form, changed(typed_rows, wish), most=rows.most, **more)
        context["unsaved"] = True
    else:
        present = rows_of(call.choice) if rows.column == "choice" else getattr(call, rows.column)
        formset = shown(rows.form, present, most=rows.most, **more)
    if rows.column == "form":
        _link_sections(call, formset)
    context["rows"] = formset
    return render(request, "verification/calls/edit.html", context, status=status)


def _column(call: Call, rows: Rows, read: list[dict[str, Any]]) -> Any:
    """Rows as ``revise_call`` takes them: with keys, sections with the fields they have."""
    if rows.column == "choice":
        return choice_from(call.choice, read)
    if rows.letter:
        read = with_keys(read, rows.letter)
    if rows.column == "form":
        present = {section["key"]: section["fields"] for section in call.form}
        taken = {one["key"] for section in call.form for one in section["fields"]}
        for section in read:
            first = {"label": section["title"], "kind": "longtext"}
            section["fields"] = present.get(section["key"]) or with_keys([first], "f", taken)
            taken |= {one["key"] for one in section["fields"]}
    return read


def _link_sections(call: Call, formset: Any) -> None:
    """Give every section that is saved the way to its fields."""
    present = {section["key"]: len(section["fields"]) for section in call.form}
    for form in formset:
        key = form["key"].value() or ""
        if key in present:
            form.link = reverse("call_section", args=[call.pk, key])
            count = present[key]
            form.link_label = ngettext("设置栏目（%(n)d）", "设置栏目（%(n)d）", count) % {"n": count}


@login_required
@require_http_methods(["GET", "POST"])
def call_section(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """The fields of one section of the application form."""
    call = _editable(request, pk)
    section = next((one for one in call.form if one["key"] == key), None)
    if section is None or call.state != CallState.DRAFT:
        raise Http404
    up = reverse("call_edit", args=[call.pk, "form"])
    here = reverse("call_section", args=[call.pk, key])
    most, status = layout.FIELDS_AT_MOST, 200
    context: dict[str, Any] = {
        "call": call, "part": PARTS["form"], "parts": _parts(call), "heading": section["title"],
        "help": section["help"], "up_url": up, "noun": _("栏目"), "add_label": _("添加栏目"),
        "none": _("还没有栏目。"), "movable": True,
    }  # fmt: skip
    wish = request.POST.get("do", "save")
    if request.method == "POST" and wish in SAVING:
        formset = sent(FieldForm, request.POST, most=most)
        status = 422
        if formset.is_valid():
            others = [one for one in call.form if one is not section]
            taken = {one["key"] for other in others for one in other["fields"]}
            fields = with_keys([form.row() for form in formset], "f", taken)
            changed_form = [{**one, "fields": fields} if one is section else one for one in call.form]
            try:
                revise_call(actor(request), call, form=changed_form)
                return _saved(request, here, "")
            except Refused as refused:
                context["faults"] = [str(refused)]
    elif request.method == "POST":
        formset = shown(FieldForm, changed(typed(FieldForm, request.POST, most=most), wish), most=most)
        context["unsaved"] = True
    else:
        formset = shown(FieldForm, section["fields"], most=most)
    context["rows"] = formset
    return render(request, "verification/calls/edit.html", context, status=status)
