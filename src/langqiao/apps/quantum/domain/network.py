"""Verbs of sites (站点) and links (链路): register, revise, suspend, cut, restore."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.quantum.domain.common import chosen, enter_site, number, referred, save, whole
from langqiao.apps.quantum.models import Link, Site
from langqiao.apps.registry.domain.acts import (
    assign,
    clean,
    clean_link,
    clean_reason,
    lock,
    must_be_in,
    source_values,
)
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

KM_AT_MOST = 3_000.0
SPANS_AT_MOST = 100
SYSTEMS_AT_MOST = 64
BPS_AT_MOST = 1e12
# Node names of plans: engines.qkd takes letters, digits, _ and a full stop.
SLUG = re.compile(r"[a-z0-9_.]{1,40}")


def _site_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    if "slug" in values:
        slug = clean(values["slug"], "slug", most=40, lines=False)
        if not SLUG.fullmatch(slug):
            raise Invalid(
                _("代号只能含小写字母、数字、下划线与点。"),
                mend=_("例如 songjiang 或 songjiang_2。"),
                field="slug",
            )
        found["slug"] = slug
    for name, most, required in (("name", 80, True), ("name_en", 120, False), ("kme_id", 80, False)):
        if name in values:
            found[name] = clean(values[name], name, most=most, lines=False, required=required)
    for name, kind in (("city", City), ("operator", Organisation)):
        if name in values:
            found[name] = referred(values[name], kind, name)
    if "kme_url" in values:
        url = clean_link(values["kme_url"], "kme_url")
        if len(url) > 200 or (url and not url.startswith("https://")):
            raise Invalid(
                _("KME 地址应以 https:// 开头。"), mend=_("密钥只经加密连接交付。"), field="kme_url"
            )
        found["kme_url"] = url
    if "trusted" in values:
        found["trusted"] = bool(values["trusted"])
    return found


def _refuse_slug(site: Site) -> None:
    if Site.objects.filter(slug=site.slug).exclude(pk=site.pk).exists():
        raise Invalid(
            _("代号“%(slug)s”已被使用。") % {"slug": site.slug}, mend=_("请改用其他代号。"), field="slug"
        )


@transaction.atomic
def register_site(
    actor: User | None, *, slug: str, name: str, city: City, operator: Organisation, **values: Any
) -> Site:
    """Register a site (登记站点) with its key-management entity.

    Args:
        values: ``name_en``, ``kme_id``, ``kme_url``, ``trusted`` and columns of the source.

    Raises:
        NotAllowed: the actor does not operate it for that organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names it.
    """
    site = Site()
    assign(site, _site_values({**values, "slug": slug, "name": name, "city": city, "operator": operator}))
    require(actor, "quantum.run_site", site)
    _refuse_slug(site)
    save(site)
    enter_site(actor, "register_site", site, site, {"slug": site.slug, "trusted": site.trusted})
    return site


@transaction.atomic
def revise_site(actor: User | None, site: Site, **values: Any) -> Site:
    """Revise a site (修改站点); its operator and code name stay. Nothing is written where nothing differs.

    Raises:
        NotAllowed: only its operator may.
        Invalid: a value is wrong or taken; ``field`` names it.
    """
    require(actor, "quantum.run_site", site)
    lock(site)
    for kept in ("operator", "slug"):
        values.pop(kept, None)
    if changed := assign(site, _site_values(values)):
        save(site)
        enter_site(actor, "revise_site", site, site, {"changed": changed})
    return site


@transaction.atomic
def suspend_site(actor: User | None, site: Site, *, why: str) -> Site:
    """Suspend a site (停用站点): plans leave it and its links out until it is resumed.

    Raises:
        NotAllowed: only its operator may.
        Refused: it is suspended already.
        Invalid: no reason.
    """
    require(actor, "quantum.run_site", site)
    lock(site)
    must_be_in(site, Site.State.ACTIVE)
    site.state, site.state_why = Site.State.SUSPENDED, clean_reason(why)
    site.save(update_fields=["state", "state_why", "updated_at"])
    enter_site(actor, "suspend_site", site, site, {"slug": site.slug})
    return site


@transaction.atomic
def resume_site(actor: User | None, site: Site) -> Site:
    """Resume a suspended site (恢复站点).

    Raises:
        NotAllowed: only its operator may.
        Refused: it is in use.
    """
    require(actor, "quantum.run_site", site)
    lock(site)
    must_be_in(site, Site.State.SUSPENDED)
    site.state, site.state_why = Site.State.ACTIVE, ""
    site.save(update_fields=["state", "state_why", "updated_at"])
    enter_site(actor, "resume_site", site, site, {"slug": site.slug})
    return site


def _link_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    if "fibre_km" in values:
        found["fibre_km"] = number(values["fibre_km"], "fibre_km", low=0.1, high=KM_AT_MOST)
    if "spans" in values:
        found["spans"] = whole(values["spans"], "spans", low=1, high=SPANS_AT_MOST)
    if "systems" in values:
        found["systems"] = whole(values["systems"], "systems", low=1, high=SYSTEMS_AT_MOST)
    if "equipment" in values:
        found["equipment"] = chosen(values["equipment"], Link.Equipment, "equipment")
    if "basis" in values:
        found["basis"] = chosen(values["basis"], Link.Basis, "basis")
    if "basis_why" in values:
        found["basis_why"] = clean(values["basis_why"], "basis_why", most=500, lines=False, required=False)
    if "measured_bps" in values:
        given = values["measured_bps"]
        found["measured_bps"] = (
            None if given in (None, "") else number(given, "measured_bps", low=0, high=BPS_AT_MOST)
        )
    return found


def _check_basis(link: Link) -> None:
    """A published figure needs its source; an assumed one needs its reason (依据)."""
    if link.basis == Link.Basis.PUBLISHED and not link.source_name:
        raise Invalid(_("已公布的数字须写明来源。"), mend=_("请填写来源名称。"), field="source_name")
    if link.basis == Link.Basis.ASSUMED and not link.basis_why:
        raise Invalid(_("假设的数字须写明依据。"), mend=_("请填写依据说明。"), field="basis_why")


@transaction.atomic
def register_link(actor: User | None, a: Site, b: Site, *, fibre_km: Any, **values: Any) -> Link:
    """Register a link (登记链路) between two sites; the order of the ends means nothing.

    Args:
        values: ``spans``, ``systems``, ``equipment``, ``basis``, ``basis_why``, ``measured_bps`` and columns
            of the source.

    Raises:
        NotAllowed: the actor operates neither end.
        Invalid: the ends are one or joined already, or a value is wrong; ``field`` names it.
    """
    first, second = sorted(
        (referred(a, Site, "a"), referred(b, Site, "b")), key=lambda site: int(site.pk or 0)
    )
    link = Link(a=first, b=second)
    require(actor, "quantum.run_link", link)
    if first.pk == second.pk:
        raise Invalid(_("链路的两端应是不同的站点。"), mend=_("请另选一端。"), field="b")
    if Link.objects.filter(a=first, b=second).exists():
        raise Invalid(_("这两个站点之间已有链路。"), mend=_("请修改已有链路的并行设备数。"), field="b")
    assign(link, _link_values({**values, "fibre_km": fibre_km}))
    _check_basis(link)
    save(link)
    enter_site(actor, "register_link", link, first, {"ends": list(link.key), "fibre_km": link.fibre_km})
    return link


@transaction.atomic
def revise_link(actor: User | None, link: Link, **values: Any) -> Link:
    """Revise a link (修改链路); its ends stay. Nothing is written where nothing differs.

    Raises:
        NotAllowed: the actor operates neither end.
        Invalid: a value is wrong; ``field`` names it.
    """
    require(actor, "quantum.run_link", link)
    lock(link)
    if changed := assign(link, _link_values(values)):
        _check_basis(link)
        save(link)
        enter_site(actor, "revise_link", link, link.a, {"changed": changed})
    return link


@transaction.atomic
def cut_link(actor: User | None, link: Link, *, why: str) -> Link:
    """Report a link down (登记中断): plans route around it until it is restored.

    Raises:
        NotAllowed: the actor operates neither end.
        Refused: it is down already.
        Invalid: no reason.
    """
    return _turn(actor, link, Link.State.DOWN, "cut_link", clean_reason(why))


@transaction.atomic
def restore_link(actor: User | None, link: Link) -> Link:
    """Report a link up again (登记恢复).

    Raises:
        NotAllowed: the actor operates neither end.
        Refused: it is up.
    """
    return _turn(actor, link, Link.State.UP, "restore_link", "")


def _turn(actor: User | None, link: Link, to: Link.State, verb: str, why: str) -> Link:
    require(actor, "quantum.run_link", link)
    lock(link)
    if link.state == to:
        raise Refused(
            _("链路处于“%(now)s”状态，不能这样做。") % {"now": link.get_state_display()},
            mend=_("请先核对链路状态。"),
        )
    link.state, link.state_why = to, why
    link.save(update_fields=["state", "state_why", "updated_at"])
    enter_site(actor, verb, link, link.a, {"ends": list(link.key)})
    return link
