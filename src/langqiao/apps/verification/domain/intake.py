"""When an application may be written and handed in (受理期): by the call's moments and the server's clock."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.domain.acts import lock, must_be_in
from langqiao.apps.verification.models import Application, ApplicationState, Call, CallState, StepKind
from langqiao.kit.refusals import Refused

APPLICATION = _("申报")
EDITABLE = (ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.RETURNED)


def hold(application: Application) -> Call:
    """Lock call and application, always in this order; the application's call is the locked one."""
    call = application.call
    lock(call)
    lock(application)
    application.call = call
    return call


def intake_closed(call: Call) -> str:
    """Why the call takes no applications now, in words; empty when it does."""
    now = timezone.now()
    if call.state != CallState.OPEN:
        return str(_("征集“%(title)s”不在征集中。") % {"title": call.title})
    if call.opens_at is not None and now < call.opens_at:
        return str(_("申报于 %(at)s 开始。") % {"at": _moment(call.opens_at)})
    if call.closes_at is not None and now > call.closes_at:
        return str(_("申报已于 %(at)s 截止。") % {"at": _moment(call.closes_at)})
    return ""


def correction_closed(application: Application) -> str:
    """Why a returned application (退回补正) can no longer be corrected; empty when it can."""
    call = application.call
    step = call.current_step
    checking = step is not None and step["kind"] == StepKind.DOCUMENTS
    if call.state != CallState.OPEN and not checking:
        return str(_("资料审查已经结束。"))
    if application.correct_by is not None and timezone.now() > application.correct_by:
        return str(_("补正已于 %(at)s 截止。") % {"at": _moment(application.correct_by)})
    return ""


def editing_closed(application: Application) -> str:
    """Why the working copy can no longer be changed or handed in; empty when it can."""
    intake = intake_closed(application.call)
    if application.state == ApplicationState.RETURNED and intake:
        return correction_closed(application)
    return intake


def _moment(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def must_be_editable(application: Application) -> None:
    """Refuse a change of the working copy where it would come too late or too early.

    Drafts may be prepared before the call opens.

    Raises:
        Refused: the state or the time does not allow it.
    """
    must_be_in(application, *EDITABLE, what=APPLICATION)
    call = application.call
    if call.state == CallState.OPEN and call.opens_at is not None and timezone.now() < call.opens_at:
        return
    why = editing_closed(application)
    if why:
        raise Refused(why, mend=_("如有特殊情况，请联系联席办。"))
