"""The lottery among the near-tied (近似并列抽签): seeded, published beforehand, repeatable by hand.

1. Before the draw the office publishes the commitment SM3(seed), best with a public figure in the seed that
   nobody knows yet (a lottery's or an exchange's of a named day), and the margin.
2. Each near-tied candidate, chosen or not, has the ticket SM3("seed:id"), which one line computes:
   ``printf '%s' 'SEED:ID' | openssl dgst -sm3``.
3. Equal tickets: the smallest comes first. Weighted: with u = (the first 13 hexadecimal digits + 1/2) / 16^13
   the smallest -ln(u)/weight comes first, so that the chance of coming first is in proportion to the weight
   (Efraimidis & Spirakis, Information Processing Letters 2006).
4. In that order each one enters if some set that keeps every rule, with those who have entered and without
   those who were passed over, has a total at most the margin below the best. Otherwise it is passed over.

So the result is always a feasible set whose total is at most the margin below the best; candidates who are
not near-tied keep their place, because a set in which they change sides loses more. Equal tickets are not
equal chances where a rule ties candidates together; that is the rule's doing and can be seen in the order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.selection.choice.model import Model
from langqiao.engines.selection.choice.solver import GRAIN, Solver, grains
from langqiao.engines.selection.choice.types import Drawing, Ticket
from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.sm import sm3_hex

_DIGITS = 13  # hexadecimal digits that a double holds exactly


@dataclass(frozen=True, slots=True)
class Lottery:
    """A wish to draw: the published seed, and whether candidates' weights count."""

    seed: str
    is_weighted: bool = False


def ticket_of(seed: str, candidate: str) -> str:
    """The ticket of a candidate: SM3 of ``seed:candidate`` in UTF-8, 64 hexadecimal digits."""
    return sm3_hex(f"{seed}:{candidate}".encode())


def commitment_of(seed: str) -> str:
    """What is published before the seed: its SM3, 64 hexadecimal digits."""
    return sm3_hex(seed.encode())


def turn(ticket: str, weight: float) -> float:
    """Place in the order of a weighted draw, the smallest first: exponential with rate ``weight``."""
    return -math.log((int(ticket[:_DIGITS], 16) + 0.5) / 16**_DIGITS) / weight


def draw(
    model: Model,
    solver: Solver,
    chosen: NDArray[np.bool_],
    near: Sequence[str],
    *,
    total: float,
    margin: float,
    lottery: Lottery,
) -> Drawing:
    """Draw among the candidates in ``near``; ``total`` is the best, in grains.

    Raises:
        SelectionError: the seed is empty.
    """
    if not lottery.seed.strip():
        raise SelectionError("the lottery needs a seed", kind="seed")
    column = {candidate.id: at for at, candidate in enumerate(model.candidates)}
    tickets = {key: ticket_of(lottery.seed, key) for key in near}

    def order(key: str) -> tuple[float, str]:
        weight = model.candidates[column[key]].weight
        return (turn(tickets[key], weight) if lottery.is_weighted else 0.0, tickets[key])

    enough = total - grains(margin) - 0.5
    question, drawn = model.question(), chosen
    rows = []
    for key in sorted(near, key=order):
        inside = question.force(column[key], chosen=True)
        found = solver.best(inside, more_than=enough)
        if found is None:
            question = question.force(column[key], chosen=False)
        else:
            question, drawn = inside, found.chosen
        rows.append(Ticket(key, tickets[key], found is not None))
    return Drawing(
        seed=lottery.seed,
        commitment=commitment_of(lottery.seed),
        margin=margin,
        is_weighted=lottery.is_weighted,
        tickets=tuple(rows),
        chosen=model.ids(drawn),
        total=round(float(model.units[drawn].sum()) * GRAIN, 6),
    )
