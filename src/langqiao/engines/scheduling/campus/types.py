"""What a capacity plan is made from and what it says.

Power in kW of IT load, GPUs in whole pieces, months as whole numbers (see ``months``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

MONTHS_AT_MOST = 120
"""The longest plan: ten years."""
NUMBER_AT_MOST = 10**9
"""Largest count and power that is taken."""

CASES = ("low", "middle", "high")
"""The three cases of a band (低、中、高)."""

KEYS: Mapping[str, tuple[str, float, float]] = {
    "rack_kw": ("kW", 0.1, 1_000),
    "gpus_per_rack": ("GPU", 0, 10_000),
    "spare_pct": ("%", 0, 100),
    "fit_out_months": ("month", 0, MONTHS_AT_MOST),
    "slip_months": ("month", 0, MONTHS_AT_MOST),
    "pue": ("", 1, 10),
}
"""Assumptions that a plan needs: unit, least and greatest value.

``rack_kw`` and ``gpus_per_rack`` together are the rack density (机架密度): what an equipped rack draws and
how many GPUs stand in it. ``spare_pct`` is kept back for failures and fragments, ``fit_out_months`` pass
between a hall's delivery and its GPUs' first job, ``slip_months`` is how late planned buildings come, ``pue``
turns IT power into the facility's.
"""

LIMITS = ("servers", "racks", "power", "cooling")
"""What may bind a hall (约束项): GPUs installed so far, rack positions, power, cooling."""


class Band(NamedTuple):
    """A figure in the unfavourable, the middle and the favourable case (区间)."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumption (假设): its low, middle and high value, and why they were taken."""

    key: str
    low: float
    middle: float
    high: float
    unit: str = ""
    why: str = ""

    def at(self, case: str) -> float:
        """The value of a case of :data:`CASES`."""
        return {"low": self.low, "middle": self.middle, "high": self.high}[case]


@dataclass(frozen=True, slots=True)
class Hall:
    """A machine hall (机房).

    Attributes:
        name: its name within the building; "" for a building whose halls are not known.
        racks: rack positions.
        power_kw, cooling_kw: limits of the IT load; None where not known, and then not binding.
        derating: per cent of power and cooling that is out of use (降额).
        installed: GPUs of the servers that stand in it.
    """

    name: str
    racks: int
    power_kw: float | None = None
    cooling_kw: float | None = None
    derating: float = 0.0
    installed: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A building (机房楼); ``due`` is the day of delivery, planned unless ``is_delivered``; None: no date."""

    name: str
    due: date | None
    is_delivered: bool
    halls: tuple[Hall, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """GPUs promised to a tenant (已承诺) from a month on, until and with the last (None: without end)."""

    name: str
    gpus: int
    first: int
    last: int | None = None

    def at(self, month: int) -> int:
        """GPUs in a month."""
        return self.gpus if self.first <= month and (self.last is None or month <= self.last) else 0


@dataclass(frozen=True, slots=True)
class Site:
    """A campus as the plan sees it."""

    name: str
    blocks: tuple[Block, ...]
    assumptions: Mapping[str, Assumed]
    demand: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What if (推演).

    Attributes:
        slips: months by which a building comes later, by its name; on top of the assumed slip.
        deratings: derating of a hall in per cent, by ``building/hall``; replaces its own.
        arrivals: tenants that come in addition.
    """

    slips: Mapping[str, int] = field(default_factory=dict)
    deratings: Mapping[str, float] = field(default_factory=dict)
    arrivals: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True)
class HallPlan:
    """What a hall can carry at one rack density.

    Attributes:
        building, hall: its names.
        racks: racks that can be equipped.
        gpus: GPUs that it can carry once equipped.
        it_kw: IT power of those racks.
        binding: which of :data:`LIMITS` binds once it is equipped.
        ready: first month with all of them, for low (latest), middle and high (earliest); None: no date.
        installed: GPUs that stand in it now.
    """

    building: str
    hall: str
    racks: int
    gpus: int
    it_kw: float
    binding: str
    ready: tuple[int, int, int] | None
    installed: int


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """A month of the plan, GPUs in the three cases.

    Attributes:
        capacity: what can be used, spare already taken off.
        demand: what is promised.
        headroom: capacity less demand; negative where more is promised than there is (缺口).
        promise: what can be promised from this month to the end of the plan: the least headroom from here on,
            not below 0.
        it_kw, facility_kw: IT power in kW of the promised GPUs as far as they fit, and with the case's PUE;
            0 where nothing is promised.
        full_it_kw, full_facility_kw: the same of all of ``capacity``, as if every GPU of it ran.
        binding: the limit that holds most halls in the middle case; halls that wait for their first server
            have no say unless there are no others.
    """

    month: int
    capacity: Band
    demand: int
    headroom: Band
    promise: Band
    it_kw: Band
    facility_kw: Band
    full_it_kw: Band
    full_facility_kw: Band
    binding: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a tenant that arrives fits (能否承诺).

    Attributes:
        verdict: ``firm`` in the low case, ``likely`` in the middle, ``possible`` in the high, else ``no``.
        earliest: first month from which it fits to the end of the plan, in each case; None: never within it.
        short: most GPUs that are missing in the middle case.
    """

    demand: Demand
    verdict: str
    earliest: tuple[int | None, int | None, int | None]
    short: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know of a plan.

    ``undated``: buildings without a date, which add nothing; ``overdue``: planned days that have passed,
    taken as the start of the plan; ``no_limits``: buildings with a hall whose power or cooling is not known;
    ``delivered``: a slip that changes nothing; ``over``: months in which more is promised than there is;
    ``crowded``: halls (building/hall) with more GPUs installed than power and cooling carry at the middle
    density, of which only those count.
    """

    kind: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A capacity plan."""

    start: int
    months: tuple[MonthPlan, ...]
    halls: tuple[HallPlan, ...]
    fits: tuple[Fit, ...]
    remarks: tuple[Remark, ...]
