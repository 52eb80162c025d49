"""Candidates and rules in; the chosen, what each rule costs, and how near the others came, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from langqiao.engines.selection.choice.rules import Rule
from langqiao.engines.selection.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate (遴选对象).

    Attributes:
        id: key; also what a lottery ticket is drawn for.
        score: what is summed up, points, read to six decimals, at most 10^6 in size.
        low, high: interval of the score, where one is known.
        cost: what it takes from a budget, in the budget's unit.
        attributes: attribute → value, such as ``{"city": "hefei", "industry": "quantum"}``.
        weight: relative weight of its ticket in a weighted lottery (抽签权重), positive.
    """

    id: str
    score: float
    low: float | None = None
    high: float | None = None
    cost: float = 0.0
    attributes: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0

    @property
    def half_width(self) -> float | None:
        """Half of the interval, points."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Price:
    """What one rule costs (约束的代价): the choice made again without it.

    Attributes:
        price: points of total score given up, never negative.
        wins: chosen with the rule and not without it.
        loses: chosen without the rule and not with it.
        parts: for a rule on every value of an attribute, the price of each value's share alone;
            values that cost nothing are left out.
    """

    rule: Rule
    price: float
    wins: tuple[str, ...]
    loses: tuple[str, ...]
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How near a candidate stands to the other side of the line (离线差距).

    Attributes:
        chosen: whether it is in the best set.
        margin: points the total loses when it is forced to the other side; None where no set that
            keeps the rules has it there.
        exact: False where ``margin`` is only known to be at least this (large fields, far off).
        leaves, enters: the exchange which that forcing brings about, itself included.
        reasons: why it counts as near-tied: ``margin`` (at most the stated margin) or ``interval``
            (the exchange lies within the intervals); empty where it does not.
    """

    candidate: str
    chosen: bool
    margin: float | None
    exact: bool = True
    leaves: tuple[str, ...] = ()
    enters: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """One near-tied candidate in the order of the draw (抽签次序).

    Attributes:
        ticket: SM3 of ``seed:candidate``, 64 hexadecimal digits.
        drawn: whether it is in the drawn set.
    """

    candidate: str
    ticket: str
    drawn: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A lottery among the near-tied (抽签), which anybody can repeat from the seed.

    Attributes:
        commitment: SM3 of the seed; published before the seed is.
        tickets: the near-tied in the order in which they were asked.
        chosen: the drawn set, which keeps every rule, in the order of the scores.
        total: its total, at most the margin below the best.
    """

    seed: str
    commitment: str
    margin: float
    is_weighted: bool
    tickets: tuple[Ticket, ...]
    chosen: tuple[str, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader must know about the choice.

    Kinds: ``short`` (a value of an attribute has fewer eligible candidates than a rule on every value
    asks for; ``number`` are there and are what is asked), ``unnamed`` (candidates without the
    attribute, which the rule therefore does not count), ``tied`` (equal best sets exist; the first by
    identifier was taken; subjects are those that differ).
    """

    kind: str
    attribute: str = ""
    value: str = ""
    number: int = 0
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The best set that keeps every rule, and what it cost.

    Attributes:
        chosen: in the order of the scores.
        total: sum of their scores.
        unconstrained: the best by score alone, with no rule but the number of places.
        unconstrained_total: sum of their scores.
        prices: one for each rule, in the order given.
        standings: one for each candidate that the rules let in, nearest to the line first.
    """

    chosen: tuple[str, ...]
    total: float
    unconstrained: tuple[str, ...]
    unconstrained_total: float
    prices: tuple[Price, ...]
    standings: tuple[Standing, ...]
    drawing: Drawing | None
    remarks: tuple[Remark, ...]
    receipt: Receipt

    @property
    def final(self) -> tuple[str, ...]:
        """Who is chosen in the end: the drawn set where there was a lottery, else the best one."""
        return self.drawing.chosen if self.drawing else self.chosen

    @property
    def price_of_balance(self) -> float:
        """Points given up for all rules together (均衡的代价)."""
        return round(self.unconstrained_total - self.total, 6)

    @property
    def wins(self) -> tuple[str, ...]:
        """Chosen, though not among the best by score alone."""
        return tuple(key for key in self.chosen if key not in set(self.unconstrained))

    @property
    def loses(self) -> tuple[str, ...]:
        """Among the best by score alone, though not chosen."""
        return tuple(key for key in self.unconstrained if key not in set(self.chosen))

    @property
    def near_ties(self) -> tuple[Standing, ...]:
        """The near-tied (近似并列), nearest first."""
        return tuple(standing for standing in self.standings if standing.reasons)


@dataclass(frozen=True, slots=True)
class Mend:
    """The smallest change of one rule that alone makes the rules compatible.

    ``to`` is the new number, budget or score; None means that the rule must go (a pin or a bar).
    """

    rule: Rule
    to: float | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why no set keeps every rule (无可行方案).

    Attributes:
        rules: a set of rules that cannot hold together, none of which could be left out of it.
        mends: for each of those rules that alone can be the remedy, the smallest one.
    """

    rules: tuple[Rule, ...]
    mends: tuple[Mend, ...]
    remarks: tuple[Remark, ...]
    receipt: Receipt
