"""Key over time: accounts in whole bits, outages, and how long stored key lasts."""

from __future__ import annotations

from dataclasses import dataclass

from langqiao.engines.qkd.types.plan import Demand, LinkKey, Plan, Reason


@dataclass(frozen=True, slots=True)
class Account:
    """Where the key of one link went, in bits (密钥账).

    ``generated = stored + delivered + relayed + discarded`` always.

    Attributes:
        generated: made by the link, and what was stored when the account was opened.
        stored: there now.
        delivered: given to the link's own two ends.
        relayed: used up as pads and for authentication while passing on the keys of others, whether or not
            the message arrived.
        discarded: beyond the storage limit, or thrown away.
    """

    generated: int
    stored: int
    delivered: int
    relayed: int
    discarded: int

    @property
    def balanced(self) -> bool:
        """Whether not one bit is missing or too many."""
        return self.generated == self.stored + self.delivered + self.relayed + self.discarded


@dataclass(frozen=True, slots=True)
class Outage:
    """A link or a node that does not work from one second to another (故障).

    A cut link makes no key, but what is stored at both ends may be used; a dead node passes nothing on, and
    its links make nothing.
    """

    start: float
    end: float
    link: LinkKey | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a simulation: its end in seconds, bits stored by link, bits served and short by demand."""

    seconds: float
    stored: tuple[int, ...]
    served: tuple[int, ...]
    short: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Key pools over time (密钥池变化).

    Attributes:
        links: names of the columns of ``stored``.
        demands: names of the columns of ``served`` and ``short``.
        moments: step by step.
        accounts: of every link at the end.
        first_short: demand to the second at which it first fell short, ``None`` where it never did.
    """

    links: tuple[LinkKey, ...]
    demands: tuple[str, ...]
    moments: tuple[Moment, ...]
    accounts: tuple[Account, ...]
    first_short: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Survival:
    """One demand after a failure (故障后续供).

    Attributes:
        demand: what was asked.
        before: bits a second it had.
        after: bits a second it can have for good.
        seconds: how long it can go on as before, on stored key; ``None`` for ever.
        rerouted: some of its routes have changed.
        reason: why it has less than it asked, after the failure.
    """

    demand: Demand
    before: float
    after: float
    seconds: float | None
    rerouted: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Failover:
    """What a failure does (故障切换): plans before and after, every demand, and stored bits that are lost."""

    before: Plan
    after: Plan
    demands: tuple[Survival, ...]
    lost: dict[LinkKey, int]
