"""Who may do what with alliances (联盟).

The secretariat (联盟秘书处) of an alliance is whoever holds that role in the organisation appointed for it;
the office (联席办) stands in only while none is appointed. Needs, offers and contacts are the members' own:
the office does not read them. Superusers have no shortcut.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office, is_own, is_system
from langqiao.apps.alliances.models import Alliance, Exchange, Gathering, Member, Rating, Reply
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

# Roles that act for an organisation inside its alliances.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER)


def own_ids(user: Any) -> set[int]:
    """Organisations for which the user acts inside alliances."""
    return organisation_ids(user, *INSIDERS)


def secretariat_ids(user: Any) -> set[int]:
    """Organisations for which the user holds the secretariat's role."""
    return organisation_ids(user, Role.SECRETARIAT)


def alliance_of(target: Any) -> Alliance | None:
    """The alliance a record belongs to."""
    if isinstance(target, Alliance):
        return target
    found = target.exchange.alliance if isinstance(target, Reply) else getattr(target, "alliance", None)
    return found if isinstance(found, Alliance) else None


def member_ids(alliance: Alliance) -> set[int]:
    """Organisations that are members of an alliance today."""
    rows = Member.objects.filter(alliance=alliance, state=Member.State.ACTIVE)
    return set(rows.values_list("organisation_id", flat=True))


@predicate
def is_secretariat(user: Any, target: Any = None) -> bool:
    """The actor belongs to the alliance's secretariat; without a target: to any."""
    mine = secretariat_ids(user)
    if target is None:
        return bool(mine)
    alliance = alliance_of(target)
    return alliance is not None and alliance.secretariat_id in mine


@predicate
def stands_in(user: Any, target: Any = None) -> bool:
    """The actor is of the office, and the alliance has no secretariat yet."""
    if not is_office.test(user):
        return False
    alliance = alliance_of(target)
    return target is None or (alliance is not None and alliance.secretariat_id is None)


@predicate
def acts_inside(user: Any, target: Any = None) -> bool:
    """The actor acts for an organisation that is a member of the alliance; without a target: for any."""
    mine = own_ids(user)
    if target is None or not mine:
        return bool(mine)
    alliance = alliance_of(target)
    return alliance is not None and bool(member_ids(alliance) & mine)


@predicate
def acts_for(user: Any, target: Any = None) -> bool:
    """The actor acts for the target's organisation; without a target: for any."""
    mine = own_ids(user)
    if target is None:
        return bool(mine)
    owner = target.pk if isinstance(target, Organisation) else getattr(target, "organisation_id", None)
    return owner in mine


@predicate
def is_open_to(user: Any, target: Any = None) -> bool:
    """The activity is open to every organisation, and the actor acts for one."""
    return (
        isinstance(target, Gathering) and target.audience == Gathering.Audience.PUBLIC and bool(own_ids(user))
    )


@predicate
def is_public_gathering(_user: Any, target: Any = None) -> bool:
    """The activity is public."""
    return target is None or (isinstance(target, Gathering) and target.audience == Gathering.Audience.PUBLIC)


@predicate
def is_active_member(_user: Any, target: Any = None) -> bool:
    """The membership holds today: who the members are is public."""
    return target is None or (isinstance(target, Member) and target.state == Member.State.ACTIVE)


@predicate
def is_published(_user: Any, target: Any = None) -> bool:
    """The rating is published."""
    return target is None or (isinstance(target, Rating) and target.state == Rating.State.PUBLISHED)


@predicate
def may_answer(user: Any, target: Any = None) -> bool:
    """The actor acts for a member other than the one that asks."""
    mine = own_ids(user)
    if target is None or not mine:
        return bool(mine)
    return isinstance(target, Exchange) and bool(
        (member_ids(target.alliance) - {target.organisation_id}) & mine
    )


@predicate
def asked(user: Any, target: Any = None) -> bool:
    """The actor acts for the organisation whose need or offer was answered."""
    mine = own_ids(user)
    return (
        bool(mine)
        if target is None
        else isinstance(target, Reply) and (target.exchange.organisation_id in mine)
    )


runs = is_secretariat | stands_in

permit(
    "alliances.load_tree",
    is_office | is_system,
    label=_("载入联盟体系"),
    why=_("只有联席办可以载入联盟体系的配置。"),
)
permit(
    "alliances.keep",
    is_office | is_system,
    label=_("登记、修改联盟与指定秘书处"),
    why=_("只有联席办可以登记、修改联盟和指定秘书处。"),
)
permit(
    "alliances.describe",
    runs | is_office | is_system,
    label=_("修改联盟简介"),
    why=_("只有联盟秘书处或联席办可以修改简介。"),
)
permit(
    "alliances.apply",
    acts_for | is_system,
    label=_("申请加入、撤回申请与退出联盟"),
    why=_("只有本单位的企业或科研成员可以代表单位申请加入或退出联盟。"),
)
permit(
    "alliances.decide",
    runs | is_system,
    label=_("审核与移出联盟成员"),
    why=_("只有该联盟的秘书处可以审核或移出成员；没有秘书处时由联席办代行。"),
)
permit(
    "alliances.read_member",
    is_active_member | acts_for | runs | is_office,
    label=_("查看加入申请"),
    why=_("加入申请仅申请单位、联盟秘书处与联席办可见。"),
)
permit(
    "alliances.hold",
    runs | is_system,
    label=_("预告、取消联盟活动与发布纪要"),
    why=_("只有该联盟的秘书处可以举办活动；没有秘书处时由联席办代行。"),
)
permit(
    "alliances.read_gathering",
    is_public_gathering | acts_inside | runs | is_office,
    label=_("查看联盟活动"),
    why=_("这项活动仅联盟成员、秘书处与联席办可见。"),
)
permit(
    "alliances.attend",
    acts_inside | is_open_to | is_system,
    label=_("报名联盟活动"),
    why=_("只有联盟成员单位可以报名；公开活动面向所有单位。"),
)
permit(
    "alliances.post",
    acts_inside | is_system,
    label=_("在联盟内发布需求与供给"),
    why=_("只有联盟成员单位可以在联盟内发布需求与供给。"),
)
permit(
    "alliances.read_exchange",
    acts_inside | is_secretariat,
    label=_("查看联盟内的需求与供给"),
    why=_("联盟内的需求与供给仅成员单位与秘书处可见。"),
)
permit(
    "alliances.close_exchange",
    acts_for | runs | is_system,
    label=_("结束联盟内的需求与供给"),
    why=_("只有发布单位或联盟秘书处可以结束。"),
)
permit(
    "alliances.reply",
    may_answer | is_system,
    label=_("回应联盟内的需求与供给"),
    why=_("只有联盟的其他成员单位可以回应。"),
)
permit(
    "alliances.read_reply",
    acts_for | asked,
    label=_("查看供需回应"),
    why=_("回应仅发布单位与回应单位可见。"),
)
permit(
    "alliances.decide_reply",
    asked | is_system,
    label=_("接受或谢绝回应"),
    why=_("只有发布单位可以答复回应。"),
)
permit(
    "alliances.list_contacts",
    acts_inside | is_secretariat,
    label=_("查看联盟通讯录"),
    why=_("通讯录仅联盟成员单位与秘书处可见。"),
)
permit(
    "alliances.give_consent",
    acts_inside | is_secretariat,
    label=_("同意列入联盟通讯录"),
    why=_("只有成员单位与秘书处的人员可以把自己列入通讯录。"),
)
permit(
    "alliances.withdraw_consent",
    is_own,
    label=_("撤回列入通讯录的同意"),
    why=_("只有本人可以撤回同意。"),
)
permit(
    "alliances.keep_scheme",
    is_office | is_system,
    label=_("制定年度考核办法"),
    why=_("只有联席办可以制定考核办法。"),
)
permit(
    "alliances.mark_self",
    is_secretariat | is_system,
    label=_("填报考核自评"),
    why=_("只有该联盟的秘书处可以自评。"),
)
permit(
    "alliances.mark",
    is_office | is_system,
    label=_("评定联盟考核得分"),
    why=_("只有联席办可以评定。"),
)
permit(
    "alliances.publish_rating",
    is_office | is_system,
    label=_("公布与撤回考核结果"),
    why=_("只有联席办可以公布或撤回考核结果。"),
)
permit(
    "alliances.read_rating",
    is_published | is_secretariat | is_office,
    label=_("查看未公布的考核"),
    why=_("未公布的考核仅该联盟的秘书处与联席办可见。"),
)
