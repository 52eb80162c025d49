"""Alarms in words (告警): what is wrong on the network now, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models import Link, Site
from langqiao.apps.quantum.queries.errors import ErrorRate, error_rates, limit_of
from langqiao.apps.quantum.queries.network import Pool, is_up, sites_with_links
from langqiao.kit.words import named

HOURS_LEFT = 24.0  # a pool that will be empty sooner is an alarm
RISE = 1.5  # times its own median: an error rate above is an alarm
_ORDER = {"danger": 0, "warning": 1}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, what to do about it, and since when it is known."""

    tone: str
    what: Any
    why: Any
    mend: Any
    url: str
    at: datetime | None = None


def alarms_of(pools: Iterable[Pool]) -> list[Alarm]:
    """Alarms of all sites and of the links given."""
    rows = list(pools)
    found = [_suspended(site) for site in sites_with_links() if site.state == Site.State.SUSPENDED]
    found += _silent(rows)
    for pool in rows:
        found += _of_pool(pool)
    up = [pool.link for pool in rows if is_up(pool.link)]
    rates = error_rates(up)
    for link in up:
        alarms = (_of_errors(link, rate) for rate in rates.get(int(link.pk), ()))
        found += [alarm for alarm in alarms if alarm is not None]
    return sorted(found, key=lambda one: _ORDER[one.tone])


def _suspended(site: Site) -> Alarm:
    return Alarm(
        "warning",
        _("%(site)s：站点已停用") % {"site": named(site)},
        site.state_why,
        _("恢复后，它的链路重新参加规划。"),
        site.get_absolute_url(),
        site.updated_at,
    )


def _silent(rows: Iterable[Pool]) -> list[Alarm]:
    """One alarm for each KME that did not answer, however many links end there."""
    found: dict[int, Alarm] = {}
    for pool in rows:
        if pool.is_stale:
            continue
        for reading in pool.silent:
            found.setdefault(
                reading.site_id,
                Alarm(
                    "danger",
                    _("%(site)s：KME 没有应答") % {"site": named(reading.site)},
                    _("最近一次轮询没有得到密钥池状态。"),
                    _("请检查 KME 进程、网络与证书。"),
                    reading.site.get_absolute_url(),
                    reading.at,
                ),
            )
    return list(found.values())


def _of_pool(pool: Pool) -> list[Alarm]:
    link, reading, url = pool.link, pool.reading, pool.link.get_absolute_url()
    at = reading.at if reading else None
    name = {"link": str(link)}
    if link.state == Link.State.DOWN:
        what, mend = _("%(link)s：链路中断"), _("密钥改走其他路径；没有其他路径的需求得不到密钥。")
        return [Alarm("danger", what % name, link.state_why, mend, url, link.updated_at)]
    level = pool.level
    if level == "empty":
        why = _("存量不足一把 256 位密钥。")
        mend = _("请减少取用或增加设备；新的请求会被拒绝并提示重试。")
        return [Alarm("danger", _("%(link)s：密钥池耗尽") % name, why, mend, url, at)]
    if level == "unknown" and pool.is_stale:
        newest = max(one.at for one in pool.readings)
        why, mend = _("超过一小时没有新的读数。"), _("请检查轮询任务是否在运行。")
        return [Alarm("warning", _("%(link)s：读数已过时") % name, why, mend, url, newest)]
    found = []
    if level == "low" and reading is not None and reading.level is not None:
        low, stored = _("%(link)s：密钥池偏低") % name, _("存量为容量的 %(level).0f%%。")
        mend = _("请留意消耗，必要时推迟低优先级的取用。")
        found.append(Alarm("warning", low, stored % {"level": reading.level}, mend, url, at))
    hours = pool.hours_left
    if level in {"ample", "fair", "low"} and hours is not None and hours < HOURS_LEFT:
        falls, soon = _("%(link)s：密钥池在下降") % name, _("按目前的生成与消耗，约 %(hours).1f 小时后耗尽。")
        mend = _("请减少取用，或在密钥规划中查看扩容建议。")
        found.append(Alarm("warning", falls, soon % {"hours": hours}, mend, url, at))
    return found


def _of_errors(link: Link, rate: ErrorRate) -> Alarm | None:
    """An error rate at which key ends, or one that has risen far above what is usual at that end."""
    limit = limit_of(link)
    name = {"link": str(link), "site": named(rate.reading.site)}
    figures = {"now": _percent(rate.value), "limit": _percent(limit.value)}
    url, at = link.get_absolute_url(), rate.reading.at
    if rate.value >= limit.value:
        what = _("%(link)s：%(site)s一端量子误码率过高")
        why = (
            _("误码率 %(now)s；按这条链路的光纤与设备参数，到 %(limit)s 成码率为零，密钥生成会中止。")
            if limit.is_modelled
            else _("误码率 %(now)s；到 BB84 的理论上限 %(limit)s 成码率为零，密钥生成会中止。")
        )
        mend = _("请检查光路对准、偏振补偿与探测器噪声，并排除窃听。")
        return Alarm("danger", what % name, why % figures, mend, url, at)
    if rate.usual is None or rate.value <= RISE * rate.usual:
        return None
    what = _("%(link)s：%(site)s一端量子误码率上升")
    why = _("误码率 %(now)s，超过此前 24 小时中位数 %(usual)s 的 1.5 倍；到 %(limit)s 密钥生成会中止。")
    mend = _("请检查光路对准与偏振补偿，并留意是否继续上升。")
    return Alarm("warning", what % name, why % (figures | {"usual": _percent(rate.usual)}), mend, url, at)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}%"
