"""Verbs of the contact list (通讯录): consent is given and withdrawn by the person, nobody else."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.alliances.domain.alliances.common import enter_alliance, line, must_take_members, referred
from langqiao.apps.alliances.models import CONTACT_TRANSITIONS, Alliance, Contact
from langqiao.apps.alliances.rules.alliances import member_ids, own_ids, secretariat_ids
from langqiao.apps.registry.domain.acts import digest, lock, move
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

# What a person agrees to; its SM3 in Chinese stands in the contact and in the ledger.
CONSENT = _(
    "我同意把我的姓名、职务、电话与邮箱列入本联盟的通讯录，供成员单位与秘书处查看和导出；我可以随时撤回同意，撤回后这些信息即被删除。"
)
State = Contact.State


def consent_digest() -> str:
    """SM3 of the words of consent, in Chinese whatever language the page is in."""
    with translation.override("zh-hans"):
        return digest(str(CONSENT))


@transaction.atomic
def give_consent(
    actor: User,
    alliance: Alliance,
    *,
    organisation: Organisation,
    agreed: bool,
    name: str,
    duty: str = "",
    phone: str = "",
    email: str = "",
    illustrative: bool = False,
) -> Contact:
    """Put oneself into an alliance's contact list (同意列入通讯录); only members see it.

    Nothing personal enters the ledger: only that a person agreed, for which organisation, and the SM3 of
    the words agreed to.

    Raises:
        NotAllowed: the actor acts neither for a member nor for the secretariat, or not for this
            organisation.
        Refused: the person stands in the list already.
        Invalid: not agreed, no name, or neither telephone nor mail; ``field`` names it.
    """
    referred(organisation, Organisation, "organisation")
    require(actor, "alliances.give_consent", alliance)
    must_take_members(alliance)
    if organisation.pk not in permitted_ids(actor, alliance):
        raise NotAllowed(_("只能以自己所在的成员单位或秘书处列入。"), mend=_("请选择您所在的单位。"))
    if agreed is not True:
        raise Invalid(_("列入通讯录须本人同意。"), mend=_("请勾选同意后提交。"), field="agreed")
    lock(alliance)
    if Contact.objects.filter(alliance=alliance, user=actor, state=State.GIVEN).exists():
        raise Refused(_("您已在通讯录中。"), mend=_("如需修改，请先撤回再重新列入。"))
    values = {
        "name": line(name, "name", 80, required=True),
        "duty": line(duty, "duty", 80),
        "phone": line(phone, "phone", 40),
        "email": line(email, "email", 200),
    }
    if values["email"]:
        _check_mail(values["email"])
    if not values["phone"] and not values["email"]:
        raise Invalid(_("电话与邮箱至少填写一项。"), mend=_("请补充联系方式。"), field="phone")
    contact = Contact.objects.create(
        alliance=alliance,
        user=actor,
        organisation=organisation,
        consent_sm3=consent_digest(),
        given_at=timezone.now(),
        illustrative=bool(illustrative),
        **values,
    )
    _enter(actor, "give_consent", contact, consent_sm3=contact.consent_sm3)
    return contact


@transaction.atomic
def withdraw_consent(actor: User, contact: Contact) -> Contact:
    """Withdraw one's consent (撤回同意): name, duty, telephone and mail are erased at once.

    Raises:
        NotAllowed: the contact is somebody else.
        Refused: consent is withdrawn already.
    """
    require(actor, "alliances.withdraw_consent", contact)
    lock(contact)
    move(contact, State.WITHDRAWN, CONTACT_TRANSITIONS)
    contact.name = contact.duty = contact.phone = contact.email = ""
    contact.withdrawn_at = timezone.now()
    contact.save()
    _enter(actor, "withdraw_consent", contact)
    return contact


def permitted_ids(user: User, alliance: Alliance) -> set[int]:
    """Organisations for which the person may stand in the list: own members, and the own secretariat."""
    return (own_ids(user) & member_ids(alliance)) | (secretariat_ids(user) & {alliance.secretariat_id or 0})


def _check_mail(text: str) -> None:
    try:
        validate_email(text)
    except ValidationError as problem:
        raise Invalid(_("邮箱有误。"), mend=_("请填写完整的邮箱地址。"), field="email") from problem


def _enter(actor: User, verb: str, contact: Contact, **data: Any) -> None:
    enter_alliance(actor, verb, contact, contact.alliance, organisation=contact.organisation, data=data)
