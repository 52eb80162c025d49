"""When revenue comes and what it is worth today: ramp, life, protection by law, discounting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from .types import BadInput, Draws, Quantity, Vector

_DAYS = 365.25  # days of a year, leap years in the mean


class Right(StrEnum):
    """Kinds of patent and their term in years from the filing date (专利法第四十二条)."""

    INVENTION = "invention"  # 发明专利
    UTILITY_MODEL = "utility_model"  # 实用新型
    DESIGN = "design"  # 外观设计, filed on or after 2021-06-01

    @property
    def term(self) -> int:
        """Years of protection, counted from filing."""
        return {Right.INVENTION: 20, Right.UTILITY_MODEL: 10, Right.DESIGN: 15}[self]


@dataclass(frozen=True, slots=True)
class Protection:
    """The legal life of a patent (法定保护期) as of the valuation date (评估基准日) ``at``.

    Extensions (专利权期限补偿) are not counted.

    Raises:
        BadInput: the patent was filed after the valuation date or has run out by then.
    """

    right: Right
    filed: date
    at: date

    def __post_init__(self) -> None:
        if self.filed > self.at:
            raise BadInput("filed", "later", "the patent was filed after the valuation date")
        if self.years <= 0:
            raise BadInput(
                "filed", "expired", f"the patent ran out on {self.expires}, before the valuation date",
                expires=self.expires.isoformat(),
            )  # fmt: skip

    @property
    def expires(self) -> date:
        """The day on which protection ends."""
        year = self.filed.year + self.right.term
        try:
            return self.filed.replace(year=year)
        except ValueError:  # 29 February
            return date(year, 3, 1)

    @property
    def years(self) -> float:
        """Remaining protection at the valuation date, in years; at most the term."""
        return min((self.expires - self.at).days / _DAYS, float(self.right.term))


@dataclass(frozen=True, slots=True)
class Revenue:
    """Revenue of the products that use the technology (技术产品收入).

    In year t after launch (t = 1, 2, …) it is ``peak`` · ramp_t, where the last share of ``ramp`` stays
    and grows by ``growth`` a year once the ramp is over. It starts ``delay`` years after the valuation
    date and ends after ``life`` years. An explicit forecast is a ramp of its own: forecast / peak.

    Raises:
        BadInput: the ramp is empty, longer than 40 years, or has a share outside 0…10.
    """

    peak: Quantity
    growth: Quantity
    life: Quantity
    delay: Quantity
    ramp: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not 1 <= len(self.ramp) <= 40:
            raise BadInput("ramp", "length", "the ramp needs between 1 and 40 yearly shares")
        if not all(math.isfinite(share) and 0 <= share <= 10 for share in self.ramp):
            raise BadInput("ramp", "share", "every share of the ramp must lie between 0 and 10")

    def inputs(self) -> dict[str, Quantity]:
        """The inputs by key."""
        return {
            "revenue.peak": self.peak,
            "revenue.growth": self.growth,
            "revenue.life": self.life,
            "revenue.delay": self.delay,
        }


@dataclass(frozen=True, slots=True)
class Grid:
    """Years after launch for each draw. Arrays have shape (draws, years).

    Attributes:
        yearly: revenue of a full year, 万元.
        part: the part of the year in which revenue flows: 1, a fraction in the last year, then 0.
        time: when the year's flow is discounted from, in years after the valuation date.
        launch: years until launch, shape (draws,).
        stop: years until revenue ends, shape (draws,).
    """

    yearly: Vector
    part: Vector
    time: Vector
    launch: Vector
    stop: Vector

    @property
    def sales(self) -> Vector:
        """Revenue of each year, 万元, shape (draws, years)."""
        return np.asarray(self.yearly * self.part)


def lay_out(revenue: Revenue, x: Draws, *, limit: float | None, mid_year: bool) -> Grid:
    """Revenue year by year, until the economic life or the legal ``limit`` (years from now) ends.

    ``mid_year`` (年中折现): a year's flow is taken to come at its middle, else at its end. A last year
    that is only a part of one is as long as that part.
    """
    launch, life = x["revenue.delay"], x["revenue.life"]
    stop = launch + life if limit is None else np.minimum(launch + life, limit)
    stop = np.maximum(stop, launch)
    years = max(1, math.ceil(float(np.max(life)) - 1e-12))
    year = np.arange(years, dtype=np.float64)
    part = np.clip((stop - launch)[:, None] - year, 0.0, 1.0)
    time = launch[:, None] + year + (part / 2 if mid_year else part)
    ramp = np.array([*revenue.ramp, *[revenue.ramp[-1]] * years][:years], dtype=np.float64)
    grown = np.maximum(year - (len(revenue.ramp) - 1), 0.0)
    yearly = x["revenue.peak"][:, None] * ramp * (1 + x["revenue.growth"])[:, None] ** grown
    return Grid(np.asarray(yearly), np.asarray(part), np.asarray(time), launch, np.asarray(stop))


def discounted(rate: Vector, time: Vector) -> Vector:
    """Discount factors (1 + rate)^−time; ``time`` of shape (draws,) or (draws, years)."""
    base = 1 + rate if time.ndim == 1 else (1 + rate)[:, None]
    return np.asarray(base**-time)
