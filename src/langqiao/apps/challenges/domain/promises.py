"""The promise of confidentiality (保密承诺): its text, and signing it in the system."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import digest, enter, firm, lock, must_be_in
from langqiao.apps.challenges.models import OPEN_STATES, Challenge, Promise, State
from langqiao.apps.challenges.rules import is_sealed, signing_ids
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

# States in which a promise may still be signed: open, or being contracted with a team.
SIGNING_STATES = (*OPEN_STATES, State.SELECTED, State.CONTRACTED)

TEXT = _(
    "保密承诺书\n\n"
    "本人 %(person)s 代表 %(organisation)s，就项目 %(case)s《%(title)s》承诺：\n"
    "一、对在本系统中查看的该题目详细内容、附件和涉密问答保密，不向未签署本承诺者披露。\n"
    "二、仅为评估、准备和提交该题目的答题而使用上述内容，不作他用。\n"
    "三、不再为该机构工作时，不再查看、使用或保留上述内容。\n"
    "四、法律规定须披露的，以及已为公众所知的内容，不受本承诺限制。\n"
    "本承诺自签署时生效；全文由系统保存，其 SM3 摘要记入台账。"
)


def promise_text(challenge: Challenge, user: User, organisation: Organisation) -> str:
    """The full text that ``user`` is asked to sign for ``organisation``, in the reader's language."""
    return str(TEXT) % {
        "person": user,
        "organisation": organisation.name,
        "case": challenge.case,
        "title": challenge.title,
    }


@transaction.atomic
def sign_promise(
    actor: User, challenge: Challenge, *, organisation: Organisation, text: str | None = None
) -> Promise:
    """Sign the promise (签署保密承诺) for an organisation; the sealed details open to the signer.

    Args:
        text: the text as it was shown; it must still be the text of this challenge. None takes
            the present text.

    Raises:
        NotAllowed: the actor is no member of an answering (and, where so, invited) organisation.
        Refused: the details are open to everybody, the challenge is over, or the text changed.
    """
    lock(challenge)
    must_be_in(challenge, *SIGNING_STATES)
    if not is_sealed(challenge):
        raise Refused(_("该题目的详细内容是公开的，无须签署保密承诺。"))
    require(actor, "challenges.sign_promise", challenge)
    if organisation.pk not in signing_ids(actor, challenge):
        raise NotAllowed(
            _("您不能代表“%(name)s”签署该题目的保密承诺。") % {"name": organisation.name},
            mend=_("请选择您所在且可答题的机构。"),
        )
    present = promise_text(challenge, actor, organisation)
    if text is not None and text.replace("\r\n", "\n").strip() != present:
        raise Invalid(_("承诺书内容已变化。"), mend=_("请重新阅读后再签署。"), field="text")
    promise, made = Promise.objects.get_or_create(
        challenge=challenge,
        user=actor,
        organisation=organisation,
        defaults={"text": present, "digest": digest(present)},
    )
    if made:
        entry = enter(
            actor,
            "sign_promise",
            challenge,
            data={"promise": promise.pk, "text_sm3": promise.digest},
            organisation=organisation,
            visibility=Visibility.PARTIES,
        )
        tell(
            firm(challenge),
            _("%(organisation)s已为题目《%(title)s》签署保密承诺。"),
            {"organisation": organisation.name, "title": challenge.title},
            url=challenge.get_absolute_url(),
            event=f"ledger:{entry.sequence}",
        )
    return promise
