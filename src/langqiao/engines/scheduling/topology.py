"""Which nodes a gang (成组作业) shares: few switches, near to each other, then few racks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.types import Node, Place

Ints = NDArray[np.int64]
Key = tuple[str, ...]

NEAR: tuple[Callable[[Place], Key], ...] = (
    lambda place: (place.building, place.hall, place.row),
    lambda place: (place.building, place.hall),
    lambda place: (place.building,),
    lambda _: (),
)


def choose_slots(nodes: Sequence[Node], slots: Ints, count: int) -> Iterator[tuple[Ints, int]]:
    """Groups of nodes (rising numbers), and how many of ``count`` equal tasks go on each group.

    The fewest switches that can hold the tasks; among as many of them those in one row, else in one hall, in
    one building, anywhere; of the last switch the smallest that is enough. Within a switch the same for
    racks. Nodes that name no switch count as one switch. Nothing where the tasks do not all fit.

    Args:
        nodes: the nodes by number.
        slots: (N,) tasks that each takes.
        count: tasks, at least 1.
    """
    able = np.flatnonzero(slots)
    if int(slots.sum()) < count:
        return
    switches = _grouped(able, lambda n: _switch(nodes[n].place))
    sizes = {key: int(slots[members].sum()) for key, members in switches.items()}
    fewest = len(_cover(sizes, count))
    chosen: list[tuple[Key, int]] = []
    for area in NEAR:
        areas: dict[Key, dict[Key, int]] = {}
        for key, members in switches.items():
            areas.setdefault(area(nodes[members[0]].place), {})[key] = sizes[key]
        covers = [_cover(part, count) for part in areas.values() if sum(part.values()) >= count]
        best = [cover for cover in covers if len(cover) == fewest]
        if best:
            chosen = min(best, key=lambda cover: sum(sizes[key] for key, _ in cover))
            break
    for key, part in chosen:
        racks = _grouped(switches[key], lambda n: (nodes[n].place.rack,))
        held = {rack: int(slots[members].sum()) for rack, members in racks.items()}
        for rack, here in _cover(held, part):
            yield racks[rack], here


def _switch(place: Place) -> Key:
    return place.building, place.hall, place.switch


def _grouped(numbers: Iterable[int], key: Callable[[int], Key]) -> dict[Key, Ints]:
    groups: dict[Key, list[int]] = {}
    for number in numbers:
        groups.setdefault(key(int(number)), []).append(int(number))
    return {name: np.array(members, dtype=np.int64) for name, members in groups.items()}


def _cover(sizes: dict[Key, int], count: int) -> list[tuple[Key, int]]:
    """The fewest groups that hold ``count``, and how many each takes: the largest, and of the last the
    smallest that is enough; of equal ones the first.
    """
    ordered = sorted(sizes, key=lambda key: -sizes[key])
    cover: list[tuple[Key, int]] = []
    for at, key in enumerate(ordered):
        if sizes[key] < count:
            cover.append((key, sizes[key]))
            count -= sizes[key]
            continue
        enough = [other for other in ordered[at:] if sizes[other] >= count]
        cover.append((min(enough, key=lambda other: sizes[other]), count))
        break
    return cover
