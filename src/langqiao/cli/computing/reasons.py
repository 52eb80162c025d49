"""Why a job of a simulation waits, in words; the engine gives kinds and figures (``simulation.Reason``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]
LEVELS = {
    "tenant": ("租户 {}", "tenant {}"),
    "city": ("城市 {}", "city {}"),
    "corridor": ("整个走廊", "the corridor"),
}


def in_words(kind: str, figures: Figures) -> str:
    """A reason as a line, Chinese / English.

    >>> in_words("behind", {"job": 7})
    '本租户的作业 7 在等配额，后面的作业随它等待 / job 7 of its tenant waits for quota and holds it back'
    """
    return WORDS[kind](figures)


def _amount(resource: str, milli: float) -> tuple[str, str]:
    if resource == "gpu":
        return f"{milli / 1000:,.10g} 张 GPU", f"{milli / 1000:,.10g} GPUs"
    return f"{milli / 1000:,.10g} 核", f"{milli / 1000:,.10g} cores"


def _at(seconds: float) -> str:
    return f"{seconds:,.10g}"


def _who(of: Figures) -> tuple[str, str]:
    chinese, english = LEVELS[of["level"]]
    return chinese.format(of["name"] or "–"), english.format(of["name"] or "–")


def _quota(of: Figures) -> str:
    who = _who(of)
    asked, used, limit = (
        _amount(of["resource"], value) for value in (of["asked"], of["used"] + of["kept"], of["limit"])
    )
    return (
        f"{who[0]}的配额已满：连同可借用共 {limit[0]}，已用 {used[0]}，本作业需 {asked[0]}"
        f" / quota of {who[1]} is full: {used[1]} of {limit[1]}, borrowing included; it asks for {asked[1]}"
    )


def _above(of: Figures) -> str:
    who = _who(of)
    asked, limit = (_amount(of["resource"], of[name]) for name in ("asked", "limit"))
    return (
        f"需 {asked[0]}，超过{who[0]}连同借用的上限 {limit[0]}，永远不能运行"
        f" / asks for {asked[1]}, above what {who[1]} may ever hold, {limit[1]}"
    )


def _never(of: Figures) -> str:
    each = f"{of['gpus']}×{of['gpu_milli'] / 1000:g} GPU, {of['cpu_milli'] / 1000:g} CPU"
    each += f", {of['memory_mib']:,} MiB"
    models = f", {of['models']}" if of["models"] else ""
    return (
        f"没有节点（包括以后交付的）放得下 {of['parts']} 份，每份 {each}{models}"
        f" / no node, now or delivered later, can hold {of['parts']} parts of that"
    )


def _capacity(of: Figures) -> str:
    asked, free = (_amount(of["resource"], of[name]) for name in ("asked", "free"))
    return (
        f"空闲不够：需 {asked[0]}，可用的节点上空闲 {free[0]}，现放得下 {of['parts_fit']}/{of['parts']} 份"
        f" / not enough is free: {asked[1]} asked, {free[1]} free, {of['parts_fit']}/{of['parts']} parts fit"
    )


def _fragment(of: Figures) -> str:
    asked, free = (_amount(of["resource"], of[name]) for name in ("asked", "free"))
    return (
        f"空闲 {free[0]} 但零散：需 {asked[0]}，现放得下 {of['parts_fit']}/{of['parts']} 份"
        f" / {free[1]} are free but in pieces: {asked[1]} asked, {of['parts_fit']}/{of['parts']} parts fit"
    )


def _closed(of: Figures) -> str:
    until = (
        "" if math.isnan(of["until"]) else f"，最早到第 {_at(of['until'])} 秒 / until {_at(of['until'])} s"
    )
    return (
        f"放得下的节点留作维护、预留或承诺：{of['nodes']} 个"
        f" / {of['nodes']} nodes are kept for maintenance, a reservation or a promise{until}"
    )


def _order(of: Figures) -> str:
    text = f"前面还有 {of['ahead']} 个作业 / {of['ahead']} jobs go first"
    if "share" in of:
        text += (
            f"；本租户份额 {of['share']:.4f}，最低 {of['lowest']:.4f}"
            f" / share of its tenant {of['share']:.4f}, lowest {of['lowest']:.4f}"
        )
    return text


WORDS: dict[str, Callable[[Figures], str]] = {
    "submitted": lambda of: f"尚未提交，第 {_at(of['at'])} 秒到达 / arrives at {_at(of['at'])} s",
    "running": lambda of: (
        f"正在运行，自第 {_at(of['since'])} 秒起，预计第 {_at(of['expected_end'])} 秒结束"
        f" / running since {_at(of['since'])} s, expected to end at {_at(of['expected_end'])} s"
    ),
    "done": lambda of: f"第 {_at(of['at'])} 秒完成 / done at {_at(of['at'])} s",
    "rejected": lambda of: f"第 {_at(of['at'])} 秒被拒绝 / rejected at {_at(of['at'])} s",
    "quota": _quota,
    "above": _above,
    "never": _never,
    "capacity": _capacity,
    "fragment": _fragment,
    "closed": _closed,
    "order": _order,
    "behind": lambda of: (
        f"本租户的作业 {of['job']} 在等配额，后面的作业随它等待"
        f" / job {of['job']} of its tenant waits for quota and holds it back"
    ),
    "promised": lambda of: (
        f"已按估计时长预留，第 {_at(of['start'])} 秒开始"
        f" / promised a start at {_at(of['start'])} s by estimates"
    ),
    "foreseen": lambda of: (
        f"若无其他作业先行，按估计时长第 {_at(of['start'])} 秒可开始"
        f" / could start at {_at(of['start'])} s by estimates if nothing went before it"
    ),
    "nominated": lambda of: (
        f"等 {of['victims']} 个让位作业的宽限期结束，第 {_at(of['start'])} 秒开始"
        f" / starts at {_at(of['start'])} s, when the grace time of {of['victims']} displaced jobs ends"
    ),
}
