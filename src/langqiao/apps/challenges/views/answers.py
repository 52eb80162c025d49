"""Pages of answers: draft, versions, team, compare side by side."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.challenges import domain, queries
from langqiao.apps.challenges.forms import AnswerForm, add_refusal, team_forms
from langqiao.apps.challenges.models import OPEN_STATES, Answer, AnswerVersion, State
from langqiao.apps.challenges.rules import HANDED_IN, answering_ids, signing_ids
from langqiao.apps.challenges.views.parts import outlined_answer, readable_challenge, whole
from langqiao.kit.acting import actor, back, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused

COMPARED_AT_MOST = 4


@login_required
@require_http_methods(["GET", "POST"])
def answer_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an answer to a challenge."""
    challenge = readable_challenge(request, pk)
    if not allowed(request.user, "challenges.answer", challenge) and signing_ids(request.user, challenge):
        messages.info(request, _("请先签署保密承诺，再应答。"))
        return redirect(f"{challenge.get_absolute_url()}#promise")
    require(request.user, "challenges.answer", challenge)
    form = AnswerForm(request.POST or None, organisations=answering_ids(request.user))
    if request.method == "POST" and form.is_valid():
        try:
            answer = domain.draft_answer(actor(request), challenge, **form.cleaned_data)
            return back(request, answer, _("草稿已保存，只有团队可见。"))
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "challenge": challenge}
    return render(request, "challenges/answer_form.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def answer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An answer: its outline, and its content for those who may read it."""
    answer = outlined_answer(request, pk)
    challenge = answer.challenge
    readable = allowed(request.user, "challenges.read_answer", answer)
    is_open = challenge.state in OPEN_STATES
    editable = is_open and answer.state in (Answer.State.DRAFT, Answer.State.SUBMITTED)
    newest = queries.shown_version(answer, request.user)
    may = {
        "edit": editable and allowed(request.user, "challenges.edit_answer", answer),
        "lead": editable and allowed(request.user, "challenges.lead_answer", answer),
        "select": challenge.state == State.ANSWERING
        and answer.state == Answer.State.SUBMITTED
        and allowed(request.user, "challenges.select", challenge),
    }
    context: dict[str, Any] = {
        "answer": answer,
        "challenge": challenge,
        "version": newest,
        "versions": queries.readable_versions(answer, request.user) if readable else [],
        "readable": readable,
        "may": may,
        "attachments": list(answer.attachments.all()) if readable else [],
        "has_newer": newest is not None and newest.number != answer.submitted_version,
    }
    if may["lead"]:
        context["team_forms"] = team_forms(answer)
    return render(request, "challenges/answer_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def answer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a new version."""
    answer = outlined_answer(request, pk)
    require(request.user, "challenges.edit_answer", answer)
    newest = answer.versions.order_by("-number")[0]
    form = AnswerForm(request.POST or None, version=newest)
    if request.method == "POST" and form.is_valid():
        try:
            version = domain.revise_answer(actor(request), answer, **form.cleaned_data)
            return back(request, answer, _("已保存为第 %(number)s 版。") % {"number": version.number})
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "challenge": answer.challenge, "answer": answer}
    return render(request, "challenges/answer_form.html", context, status=422 if form.errors else 200)


def _team(request: HttpRequest, answer: Answer) -> Any:
    forms = team_forms(answer, request.POST)
    if not forms.is_valid():
        raise Invalid(_("团队有误：%(why)s") % {"why": _first_fault(forms)})
    members = [
        (form.cleaned_data["organisation"], form.cleaned_data.get("part", ""))
        for form in forms
        if form.cleaned_data.get("organisation") is not None
    ]
    domain.change_team(actor(request), answer, members=members, lead_part=request.POST.get("lead_part"))
    return _("团队已更新。")


def _first_fault(forms: Any) -> str:
    for form in forms:
        for faults in form.errors.values():
            return str(faults[0])
    return str(next(iter(forms.non_form_errors()), ""))


def _submit(request: HttpRequest, answer: Answer) -> Any:
    domain.submit_answer(actor(request), answer)
    return _("答题已提交。")


def _withdraw(request: HttpRequest, answer: Answer) -> Any:
    domain.withdraw_answer(actor(request), answer)
    return _("答题已撤回。")


def _select(request: HttpRequest, answer: Answer) -> Any:
    domain.select_answer(actor(request), answer)
    return _("已选定该答题。")


def _attach(request: HttpRequest, answer: Answer) -> Any:
    file: Any = request.FILES.get("file")
    if file is None:
        raise Invalid(_("请选择文件。"), field="file")
    domain.add_attachment(actor(request), answer, file=file, name=file.name or "")
    return _("附件已上传。")


ACTS = {"team": _team, "submit": _submit, "withdraw": _withdraw, "select": _select, "attach": _attach}


@login_required
@require_POST
def answer_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on an answer and return to its page."""
    answer = outlined_answer(request, pk)
    if act not in ACTS:
        raise Http404
    try:
        done = ACTS[act](request, answer)
    except Refused as refused:
        return tell_refusal(request, refused, answer)
    where: Any = answer.challenge if act == "select" else answer
    return back(request, where, done)


@login_required
@require_safe
def answer_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers side by side, for those who may read them; ``?a=1&a=2`` chooses up to four."""
    challenge = readable_challenge(request, pk)
    readable = []
    for answer in queries.outlined_answers(challenge, request.user):
        if answer.state in HANDED_IN and allowed(request.user, "challenges.read_answer", answer):
            answer.shown = queries.shown_version(answer, request.user)  # type: ignore[attr-defined]
            readable.append(answer)
    wanted = {key for key in request.GET.getlist("a") if key.isdigit()}
    chosen = [answer for answer in readable if str(answer.pk) in wanted] or readable
    chosen = chosen[:COMPARED_AT_MOST]
    context = {
        "challenge": challenge,
        "readable": readable,
        "chosen": chosen,
        "chosen_ids": {answer.pk for answer in chosen},
        "may_select": challenge.state == State.ANSWERING
        and allowed(request.user, "challenges.select", challenge),
    }
    return render(request, "challenges/compare.html", context)


@login_required
@require_safe
def answer_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions with their differences marked."""
    answer = outlined_answer(request, pk)
    require(request.user, "challenges.read_answer", answer)
    versions = queries.readable_versions(answer, request.user)
    if not versions:
        raise Http404
    by_number = {version.number: version for version in versions}
    new = by_number.get(whole(request.GET.get("new"), 1, 99_999) or 0, versions[0])
    old = by_number.get(whole(request.GET.get("old"), 1, 99_999) or 0)
    if old is None:
        old = by_number.get(new.number - 1, new)
    context = {
        "answer": answer,
        "challenge": answer.challenge,
        "versions": versions,
        "old": old,
        "new": new,
        "changes": [
            (label, list(word_changes(getattr(old, name), getattr(new, name))))
            for name, label in (
                ("title", _("方案名称")),
                ("approach", _("技术方案")),
                ("plan", _("实施计划")),
            )
        ],
        "facts": _changed_facts(old, new),
    }
    return render(request, "challenges/versions.html", context)


def _changed_facts(old: AnswerVersion, new: AnswerVersion) -> list[tuple[Any, Any, Any]]:
    facts = (("price", _("报价（万元）")), ("months", _("工期（月）")))
    return [(label, getattr(old, name), getattr(new, name)) for name, label in facts]


DIFFED_AT_MOST = 4_000_000  # pairs of units compared; difflib grows with their number, or worse


def word_changes(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Runs of text as ``same``, ``gone`` or ``new``: by characters, by lines when the texts are long.

    Texts of too many lines are shown one after the other: nobody may keep the server busy with them.
    """
    before: Any = old
    after: Any = new
    if len(old) * len(new) > DIFFED_AT_MOST:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    if len(before) * len(after) > DIFFED_AT_MOST:
        before, after = [old], [new]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield "same", "".join(before[i1:i2])
            continue
        if i2 > i1:
            yield "gone", "".join(before[i1:i2])
        if j2 > j1:
            yield "new", "".join(after[j1:j2])
