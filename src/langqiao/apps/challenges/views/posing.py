"""Pages and acts of the posing side, and of those who ask, promise and follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.challenges import domain, matching
from langqiao.apps.challenges.forms import (
    ChallengeForm,
    ContractForm,
    DeadlineForm,
    InvitationForm,
    QuestionForm,
    ReplyForm,
    add_refusal,
)
from langqiao.apps.challenges.models import Attachment, Challenge, Question
from langqiao.apps.challenges.views.parts import TEXT_AT_MOST, readable_challenge
from langqiao.apps.registry.models import Organisation
from langqiao.kit.acting import actor, back, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.throttle import throttle


@login_required
@require_http_methods(["GET", "POST"])
def challenge_new(request: HttpRequest) -> HttpResponse:
    """Draft a challenge."""
    require(request.user, "challenges.create")
    form = ChallengeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        organisation = values.pop("organisation")
        try:
            challenge = domain.draft_challenge(actor(request), organisation=organisation, **values)
            if "publish" in request.POST:
                return _publish_or_keep(request, challenge)
            return back(request, challenge, _("草稿已保存，项目编号 %(case)s。") % {"case": challenge.case})
        except Refused as refused:
            add_refusal(form, refused)
    return render(request, "challenges/form.html", {"form": form}, status=422 if form.errors else 200)


def _publish_or_keep(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    """Publish; when something is missing the draft is kept and the reason told."""
    try:
        domain.publish_challenge(actor(request), challenge)
    except Refused as refused:
        return tell_refusal(request, refused, challenge)
    return back(request, challenge, _("题目已发布。"))


@login_required
@require_http_methods(["GET", "POST"])
def challenge_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a challenge."""
    challenge = readable_challenge(request, pk)
    require(request.user, "challenges.edit", challenge)
    form = ChallengeForm(request.POST or None, user=request.user, challenge=challenge)
    if request.method == "POST" and form.is_valid():
        try:
            domain.revise_challenge(actor(request), challenge, **form.values())
            if "publish" in request.POST:
                return _publish_or_keep(request, challenge)
            return back(request, challenge, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "challenge": challenge}
    return render(request, "challenges/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def similar_warning(request: HttpRequest) -> HttpResponse:
    """Challenges close to what is being written (同类需求); the text is not kept."""
    throttle(request, "search")
    title = request.POST.get("title", "")[:300]
    text = f"{request.POST.get('summary', '')}\n{request.POST.get('keywords', '')}"[:TEXT_AT_MOST]
    exclude = Challenge.objects.filter(pk=request.POST["exclude"]).first() if _exclude(request) else None
    rows = matching.similar_challenges(text, title=title, exclude=exclude) if len(title.strip()) > 3 else []
    return render(request, "challenges/_similar_warning.html", {"rows": rows})


def _exclude(request: HttpRequest) -> bool:
    return request.POST.get("exclude", "").isdigit() and len(request.POST["exclude"]) < 18


def _publish(request: HttpRequest, challenge: Challenge) -> Any:
    domain.publish_challenge(actor(request), challenge)
    return _("题目已发布。")


def _withdraw(request: HttpRequest, challenge: Challenge) -> Any:
    domain.withdraw_challenge(actor(request), challenge, reason=request.POST.get("reason", ""))
    return _("题目已撤回。")


def _close(request: HttpRequest, challenge: Challenge) -> Any:
    domain.close_challenge(actor(request), challenge, reason=request.POST.get("reason", ""))
    return _("题目已关闭。")


def _extend(request: HttpRequest, challenge: Challenge) -> Any:
    values = _read(DeadlineForm(request.POST))
    domain.extend_deadline(actor(request), challenge, deadline=values["deadline"])
    return _("答题期限已延长。")


def _invite(request: HttpRequest, challenge: Challenge) -> Any:
    values = _read(InvitationForm(request.POST))
    domain.invite_organisation(actor(request), challenge, values["organisation"])
    return _("已邀请“%(name)s”。") % {"name": values["organisation"]}


def _contract(request: HttpRequest, challenge: Challenge) -> Any:
    values = _read(ContractForm(request.POST))
    domain.sign_contract(actor(request), challenge, **values)
    return _("签约已登记。")


def _accept(request: HttpRequest, challenge: Challenge) -> Any:
    domain.accept_result(actor(request), challenge, note=request.POST.get("note", ""))
    return _("验收已登记。")


def _cancel(request: HttpRequest, challenge: Challenge) -> Any:
    domain.cancel_selection(actor(request), challenge, reason=request.POST.get("reason", ""))
    return _("选定已取消，全部答题恢复为已提交。")


def _follow(request: HttpRequest, challenge: Challenge) -> Any:
    domain.follow(actor(request), challenge)
    return _("已关注，进展将通知您。")


def _unfollow(request: HttpRequest, challenge: Challenge) -> Any:
    domain.unfollow(actor(request), challenge)
    return _("已取消关注。")


def _promise(request: HttpRequest, challenge: Challenge) -> Any:
    key = request.POST.get("organisation", "")
    organisation = Organisation.objects.filter(pk=key).first() if key.isdigit() and len(key) < 18 else None
    if organisation is None or "agree" not in request.POST:
        raise Invalid(_("请选择机构，并勾选“已阅读并承诺”。"))
    domain.sign_promise(actor(request), challenge, organisation=organisation, text=request.POST.get("text"))
    return _("保密承诺已签署，详细内容已可查看。")


def _ask(request: HttpRequest, challenge: Challenge) -> Any:
    values = _read(QuestionForm(request.POST))
    domain.ask_question(actor(request), challenge, **values)
    return _("提问已送达出题企业。")


def _attach(request: HttpRequest, challenge: Challenge) -> Any:
    file: Any = request.FILES.get("file")
    if file is None:
        raise Invalid(_("请选择文件。"), field="file")
    domain.add_attachment(actor(request), challenge, file=file, name=file.name or "")
    return _("附件已上传。")


def _read(form: Any) -> dict[str, Any]:
    """Cleaned values of a small form, or its first fault as a refusal."""
    if form.is_valid():
        return dict(form.cleaned_data)
    name, faults = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    raise Invalid(f"{label}：{faults[0]}" if label else str(faults[0]), field=name)


# One address an act; each is a verb of the domain.
ACTS: dict[str, Callable[[HttpRequest, Challenge], Any]] = {
    "publish": _publish,
    "withdraw": _withdraw,
    "close": _close,
    "extend": _extend,
    "invite": _invite,
    "contract": _contract,
    "accept": _accept,
    "cancel": _cancel,
    "follow": _follow,
    "unfollow": _unfollow,
    "promise": _promise,
    "ask": _ask,
    "attach": _attach,
}


@login_required
@require_POST
def challenge_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a challenge and return to its page, with its success or its refusal."""
    verb = ACTS.get(act)
    if verb is None:
        raise Http404
    challenge = get_object_or_404(Challenge, pk=pk) if act == "unfollow" else readable_challenge(request, pk)
    try:
        done = verb(request, challenge)
    except Refused as refused:
        return tell_refusal(request, refused, challenge)
    # A follower may unfollow what was withdrawn and is no longer theirs to read.
    where = challenge if allowed(request.user, "challenges.read", challenge) else "work"
    return back(request, where, done)


@login_required
@require_POST
def question_reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Reply to a question."""
    question = get_object_or_404(Question.objects.select_related("challenge"), pk=pk)
    challenge = readable_challenge(request, question.challenge_id)
    if not allowed(request.user, "challenges.read_question", question):
        raise Http404
    try:
        values = _read(ReplyForm(request.POST))
        domain.reply_question(actor(request), question, text=values["reply"], sealed=values["sealed"] or None)
    except Refused as refused:
        return tell_refusal(request, refused, challenge)
    return back(request, challenge, _("答复已发布。"))


def _readable_attachment(request: HttpRequest, pk: int) -> Attachment:
    attachment = get_object_or_404(Attachment.objects.select_related("challenge", "answer__challenge"), pk=pk)
    if not allowed(request.user, "challenges.read_attachment", attachment):
        raise Http404
    return attachment


@require_safe
def attachment_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, always saved and never shown in place, under the rule of what it belongs to."""
    attachment = _readable_attachment(request, pk)
    response = FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@login_required
@require_POST
def attachment_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a file."""
    attachment = _readable_attachment(request, pk)
    owner = attachment.answer or attachment.challenge
    try:
        domain.remove_attachment(actor(request), attachment)
    except Refused as refused:
        return tell_refusal(request, refused, owner)
    return redirect(owner)  # type: ignore[arg-type]
