"""Verbs of compute vouchers (算力券): schemes, issue, revocation, redemption.

Every sum of a scheme is judged while its row is held, so that two acts at a time cannot both take the
last yuan of a cap or pool; rows are held in one order: scheme, voucher, bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.common import YUAN_AT_MOST, insiders_of, whole, yuan
from langqiao.apps.computing.models import Bill, Redemption, Scheme, Voucher
from langqiao.apps.computing.queries.vouchers import Limit, issue_limits, redeem_limits, tightest
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    assign,
    clean,
    clean_reason,
    digest,
    enter,
    lock,
    must_be_in,
    source_values,
)
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

NAME_AT_MOST = 160
AREA_AT_MOST = 60
TERM_DAYS_AT_MOST = 1_096  # three years
MONEY_FIELDS = ("cap_firm_year", "pool_year", "pool_total")


class SchemeValues(TypedDict, total=False):
    """What a scheme says; money in yuan, shares in per cent of the rent; None where it sets no limit."""

    name: str
    city: City | None
    area: str
    share_domestic: int
    share_other: int
    cap_firm_year: Decimal | None
    pool_year: Decimal | None
    pool_total: Decimal | None
    starts_on: date
    ends_on: date | None
    code: str | None
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | None


@transaction.atomic
def register_scheme(actor: User | None, **values: Unpack[SchemeValues]) -> Scheme:
    """Register a city's voucher scheme (登记算力券政策); it is public.

    Raises:
        NotAllowed: only the office may.
        Invalid: a value is missing or wrong; a real scheme needs its source and the source's date.
    """
    require(actor, "computing.run_scheme")
    scheme = Scheme()
    given = _scheme_values(values)
    for name in ("name", "share_domestic", "share_other", "starts_on"):
        if given.get(name) in (None, ""):
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    assign(scheme, given)
    _check_scheme(scheme)
    scheme.save()
    _enter_scheme(actor, "register_scheme", scheme, {})
    return scheme


@transaction.atomic
def revise_scheme(actor: User | None, scheme: Scheme, **values: Unpack[SchemeValues]) -> Scheme:
    """Revise a scheme (修改算力券政策); vouchers that were issued stay, later payments follow the new limits.

    Raises:
        NotAllowed: only the office may.
        Invalid: a value is wrong.
    """
    require(actor, "computing.run_scheme", scheme)
    lock(scheme)
    changed = assign(scheme, _scheme_values(values))
    if changed:
        _check_scheme(scheme)
        scheme.save()
        _enter_scheme(actor, "revise_scheme", scheme, {"changed": changed})
    return scheme


@transaction.atomic
def issue_voucher(
    actor: User | None,
    scheme: Scheme,
    *,
    organisation: Organisation,
    amount: Decimal,
    expires_on: date,
    domestic_only: bool = False,
    illustrative: bool = False,
) -> Voucher:
    """Issue a voucher (发放算力券) to a firm of the scheme's city, within its caps and pools.

    Args:
        amount: yuan.
        expires_on: the last day on which it pays, at most the scheme's.

    Raises:
        NotAllowed: the actor is neither the city's liaison nor the office.
        Refused: the scheme does not run today.
        Invalid: the firm is of another place, the term is wrong, or a cap or pool has less left; the
            message names it.
    """
    require(actor, "computing.issue_voucher", scheme)
    lock(scheme)
    today = timezone.localdate()
    _check_running(scheme, today)
    _check_place(scheme, organisation)
    given = yuan(amount, "amount")
    _check_term(scheme, today, expires_on)
    limits = issue_limits(scheme, organisation, today)
    if limits:
        _check_limit(tightest(limits), given)
    voucher = Voucher.objects.create(
        scheme=scheme,
        organisation=organisation,
        number=f"SQ{scheme.pk:04}-{today.year}-{scheme.vouchers.count() + 1:05}",
        amount=given,
        domestic_only=bool(domestic_only),
        issued_on=today,
        expires_on=expires_on,
        illustrative=bool(illustrative),
    )
    entry = _enter(actor, "issue_voucher", voucher, {"amount": str(given), "expires": expires_on.isoformat()})
    _tell(actor, voucher, _("贵单位获得算力券 %(number)s。"), entry)
    return voucher


@transaction.atomic
def revoke_voucher(actor: User | None, voucher: Voucher, *, why: str) -> Voucher:
    """Revoke a voucher (收回算力券), with a reason; what it has paid stays paid, the rest is free again.

    Raises:
        NotAllowed: the actor is neither the city's liaison nor the office.
        Refused: it is revoked already.
        Invalid: no reason.
    """
    require(actor, "computing.issue_voucher", voucher)
    lock(voucher.scheme)
    lock(voucher)
    must_be_in(voucher, Voucher.State.ISSUED)
    voucher.state, voucher.why = Voucher.State.REVOKED, clean_reason(why)
    voucher.save(update_fields=["state", "why", "updated_at"])
    entry = _enter(
        actor, "revoke_voucher", voucher, {"spent": str(voucher.spent), "why_sm3": digest(voucher.why)}
    )
    _tell(actor, voucher, _("算力券 %(number)s 已收回。"), entry)
    return voucher


@transaction.atomic
def redeem(actor: User | None, voucher: Voucher, bill: Bill, *, amount: Decimal | None = None) -> Redemption:
    """Pay a part of a bill with a voucher (核销), once for each pair.

    Args:
        amount: yuan; None for as much as all limits leave.

    Raises:
        NotAllowed: the actor is not of the voucher's firm.
        Refused: the voucher is revoked or over, the bill is settled or older than the scheme, or the
            voucher has paid from this bill before.
        Invalid: the bill is another firm's, or a limit leaves less; the message names it.
    """
    require(actor, "computing.redeem", voucher)
    lock(voucher.scheme)
    lock(voucher)
    lock(bill)
    today = timezone.localdate()
    _check_redeemable(voucher, bill, today)
    limit = tightest(redeem_limits(voucher, bill, today))
    given = limit.left if amount is None else yuan(amount, "amount")
    _check_limit(limit, given)
    redemption = Redemption.objects.create(voucher=voucher, bill=bill, amount=given, by=actor)
    voucher.spent += given
    voucher.save(update_fields=["spent", "updated_at"])
    bill.by_voucher += given
    bill.save(update_fields=["by_voucher", "updated_at"])
    _enter(
        actor,
        "redeem",
        voucher,
        {"bill": bill.pk, "amount": str(given), "left": str(voucher.amount - voucher.spent)},
    )
    _publish_redemption(actor, voucher, bill, given)
    return redemption


def _publish_redemption(actor: User | None, voucher: Voucher, bill: Bill, amount: Decimal) -> None:
    """Make public how much a city's vouchers paid in which city (公布核销), not whose they were."""
    if voucher.scheme.city_id is not None:
        data: dict[str, Any] = {"to": bill.tenant.campus.city_id, "yuan": str(amount)}
        if voucher.illustrative or bill.tenant.illustrative:
            data["illustrative"] = True
        _enter_scheme(actor, "publish_redemption", voucher.scheme, data)


# -- what is checked ----------------------------------------------------------------------------


def _scheme_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(source_values(values))
    if "name" in values:
        found["name"] = clean(values["name"], "name", most=NAME_AT_MOST, lines=False)
    if "area" in values:
        found["area"] = clean(values["area"], "area", most=AREA_AT_MOST, lines=False, required=False)
    for name in ("share_domestic", "share_other"):
        if name in values:
            found[name] = whole(values[name], name, low=0, high=100)
    for name in MONEY_FIELDS:
        if name in values:
            given = values[name]
            found[name] = None if given is None else yuan(given, name)
    for name in ("city", "starts_on", "ends_on"):
        if name in values:
            found[name] = values[name]
    return found


def _check_scheme(scheme: Scheme) -> None:
    if scheme.city is None and not scheme.area:
        raise Invalid(
            _("请填写政策适用的城市或地区。"), mend=_("走廊城市请选城市，更大的地区请写名称。"), field="city"
        )
    for value, field in ((scheme.starts_on, "starts_on"), (scheme.ends_on, "ends_on")):
        if value is not None and not (isinstance(value, date) and 2000 <= value.year <= 2100):
            raise Invalid(_("日期有误。"), mend=_("请写成 2026-11-23 这样的日期。"), field=field)
    if scheme.ends_on is not None and scheme.ends_on < scheme.starts_on:
        raise Invalid(_("结束日期早于开始日期。"), mend=_("请改正日期。"), field="ends_on")
    if not scheme.illustrative and not ((scheme.source_name or scheme.source_url) and scheme.source_date):
        raise Invalid(
            _("政策须写明来源与来源日期。"), mend=_("请填写文件名称、网址与日期。"), field="source_name"
        )


def _check_running(scheme: Scheme, today: date) -> None:
    if scheme.starts_on > today:
        raise Refused(
            _("政策“%(name)s”还没有生效。") % {"name": scheme.name},
            mend=_("%(day)s 起可以发放。") % {"day": scheme.starts_on},
        )
    if scheme.ends_on is not None and scheme.ends_on < today:
        raise Refused(
            _("政策“%(name)s”已于 %(day)s 失效。") % {"name": scheme.name, "day": scheme.ends_on},
            mend=_("如政策延期，请先修改失效日。"),
        )


def _check_place(scheme: Scheme, organisation: Organisation) -> None:
    """Refuse a firm outside the scheme's city, or outside its area by the province of the firm's city."""
    city = organisation.city
    if scheme.city_id is not None:
        within = city is not None and city.pk == scheme.city_id
    else:
        within = city is not None and bool(city.province) and city.province in scheme.area
    if not within:
        place = scheme.city.name if scheme.city is not None else scheme.area
        raise Invalid(
            _("“%(firm)s”不在政策适用的%(place)s。") % {"firm": organisation.name, "place": place},
            mend=_("请选择当地企业，或先在名录中更正其所在城市。"),
            field="organisation",
        )


def _check_term(scheme: Scheme, today: date, expires_on: date) -> None:
    if not isinstance(expires_on, date) or not 0 <= (expires_on - today).days <= TERM_DAYS_AT_MOST:
        raise Invalid(
            _("有效期应从今天起，最长 %(days)d 天。") % {"days": TERM_DAYS_AT_MOST},
            mend=_("请改正日期。"),
            field="expires_on",
        )
    if scheme.ends_on is not None and expires_on > scheme.ends_on:
        raise Invalid(
            _("有效期不能晚于政策失效日 %(day)s。") % {"day": scheme.ends_on},
            mend=_("请改正日期。"),
            field="expires_on",
        )


def _check_redeemable(voucher: Voucher, bill: Bill, today: date) -> None:
    must_be_in(voucher, Voucher.State.ISSUED)
    must_be_in(bill, Bill.State.OPEN)
    scheme = voucher.scheme
    if bill.tenant.organisation_id != voucher.organisation_id:
        raise Invalid(_("这不是持券企业的账单。"), mend=_("请选择本单位的账单。"), field="bill")
    last = min(day for day in (voucher.expires_on, scheme.ends_on) if day is not None)
    if today > last:
        raise Refused(
            _("算力券 %(number)s 已于 %(day)s 到期。") % {"number": voucher.number, "day": last},
            mend=_("请改用有效的算力券。"),
        )
    if (bill.month.year, bill.month.month) < (scheme.starts_on.year, scheme.starts_on.month):
        raise Refused(
            _("账单所属月份早于政策生效日 %(day)s。") % {"day": scheme.starts_on},
            mend=_("请选择政策生效后的账单。"),
        )
    if Redemption.objects.filter(voucher=voucher, bill=bill).exists():
        raise Refused(_("这张券已经支付过这份账单。"), mend=_("同一张券对同一账单只能用一次。"))


def _check_limit(limit: Limit, amount: Decimal) -> None:
    """Refuse an amount above the tightest limit, or any where nothing is left of it."""
    if limit.left <= 0:
        raise Invalid(
            _("“%(limit)s”已没有余额。") % {"limit": limit.label},
            mend=_("请换一张券或一份账单。")
            if limit.key in {"voucher", "bill", "share", "domestic"}
            else _("请等下一年度，或请联席办核对政策。"),
            field="amount",
        )
    if amount > min(limit.left, YUAN_AT_MOST):
        raise Invalid(
            _("受“%(limit)s”限制，最多 %(left)s 元。") % {"limit": limit.label, "left": f"{limit.left:,.2f}"},
            mend=_("请减少金额。"),
            field="amount",
        )


# -- entries and notices ------------------------------------------------------------------------


def _enter_scheme(actor: User | None, verb: str, scheme: Scheme, data: Mapping[str, Any]) -> None:
    enter(actor, verb, scheme, case="", city=scheme.city_id, data=data, public=True)


def _enter(actor: User | None, verb: str, voucher: Voucher, data: Mapping[str, Any]) -> Entry:
    return enter(
        actor,
        verb,
        voucher,
        case="",
        city=voucher.scheme.city_id,
        organisation=voucher.organisation,
        data={"scheme": voucher.scheme_id, **data},
    )


def _tell(actor: User | None, voucher: Voucher, text: object, entry: Entry) -> None:
    tell(
        insiders_of(voucher.organisation_id),
        text,
        {"number": voucher.number},
        url=voucher.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
