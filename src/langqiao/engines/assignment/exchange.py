"""Exchanges between items that bring every item to its goal at the least loss (local search)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .candidates import NONE, Pairs
from .core import Core, count
from .types import Bools, Floats, Ints

TINY = 1e-12
WEIGHTS = (10.0, 1e3, 1e6)  # of a shortfall against the sum
CHAINS = 48  # slots looked at for a chain of three


@dataclass(frozen=True, slots=True)
class Move:
    """Slot ``mine`` takes ``incoming``; slot ``other`` (−1: nobody's) takes ``instead``."""

    gain: float
    mine: int
    incoming: int
    other: int = -1
    instead: int = -1


class Exchange:
    """An assignment in motion. Every limit holds before and after each move.

    A slot is one place of one item. Three kinds of moves are looked at for an item: replace a reviewer
    by one with room, swap reviewers with another item, and take another item's reviewer while that item
    takes one with room. A move is worth what it adds to the sum, and a weight times what it takes from
    the shortfalls (goal less score, where positive); only moves worth something are made, so that the
    search ends. Where nothing is worth anything and a shortfall is left, the weight rises.
    """

    def __init__(self, core: Core, pairs: Pairs, goals: Floats) -> None:
        n, m = core.shape
        self._core, self._weight = core, WEIGHTS[0]
        self.goals = goals
        self._item = pairs.rows.astype(np.int64)
        self._who = pairs.cols.astype(np.int64)
        self._score = pairs.scores.copy()
        self._starts = np.searchsorted(self._item, np.arange(n + 1))
        self.sums = np.bincount(self._item, self._score, minlength=n)
        self._load = np.bincount(self._who, minlength=m)
        self._held = [count(panel, pairs, n) for panel in core.panels]
        self._member = np.zeros((n, m), dtype=np.bool_)
        self._member[self._item, self._who] = True

    @property
    def pairs(self) -> Pairs:
        """The assignment as it stands."""
        order = np.lexsort((self._who, self._item))
        return Pairs(
            self._item[order].astype(np.int32), self._who[order].astype(np.int32), self._score[order]
        )

    def shortfall(self) -> float:
        """The largest distance of an item to its goal."""
        return float(np.max(self.goals - self.sums, initial=-np.inf))

    def repair(self, deadline: float) -> bool:
        """Bring the items below their goals up, the worst first; True when none is left below.

        An item that no move can help rests until another has moved. Ends at the ``deadline``
        (``time.perf_counter``) at the latest.
        """
        resting = np.zeros(len(self.goals), dtype=np.bool_)
        while True:
            below = np.where(resting, -np.inf, self.goals - self.sums)
            item = int(np.argmax(below)) if len(below) else 0
            if not len(below) or below[item] <= TINY:
                if not resting.any() or self._weight >= WEIGHTS[-1]:
                    return self.shortfall() <= TINY
                self._weight = WEIGHTS[WEIGHTS.index(self._weight) + 1]
                resting[:] = False
                continue
            if time.perf_counter() > deadline:
                return False
            move = self.best_move(item)
            if move is None:
                resting[item] = True
            else:
                self.apply(move)
                resting[:] = False

    def best_move(self, item: int) -> Move | None:
        """The move of one item that is worth most; None if no move is worth anything."""
        mine = np.arange(self._starts[item], self._starts[item + 1])
        row = np.where(self._member[item], NONE, self._core.candidates.row(item))
        best: Move | None = None
        room: Bools = self._load < self._core.most
        incoming = row[self._who]
        near = self._nearest(incoming)
        alternatives = self._alternatives(near, room) if len(near) else None
        for slot in mine.tolist():
            for move in (
                self._replace(item, slot, row, room),
                self._swap(item, slot, incoming),
                self._chain(item, slot, incoming, near, alternatives),
            ):
                if move is not None and (best is None or move.gain > best.gain):
                    best = move
        return best

    def apply(self, move: Move) -> None:
        """Carry a move out."""
        changes = [(move.mine, move.incoming)]
        if move.other >= 0:
            changes.append((move.other, move.instead))
        for slot, who in changes:
            item, left = int(self._item[slot]), int(self._who[slot])
            score = float(self._core.candidates.lookup(np.array(item), np.array(who)))
            for panel, held in zip(self._core.panels, self._held, strict=True):
                for reviewer, step in ((left, -1), (who, 1)):
                    if panel.code[reviewer] >= 0:
                        held[item, panel.code[reviewer]] += step
            self._member[item, left], self._member[item, who] = False, True
            self._load[left] -= 1
            self._load[who] += 1
            self._who[slot], self._score[slot] = who, score
            self.sums[item] = self._score[self._starts[item] : self._starts[item + 1]].sum()

    def _worth(self, items: NDArray[np.integer] | int, now: Floats) -> Floats:
        """What it is worth that items have the score ``now`` instead of theirs."""
        goal, before = self.goals[items], self.sums[items]
        spared = np.maximum(0.0, goal - before) - np.maximum(0.0, goal - now)
        return np.asarray(now - before + self._weight * spared)

    def _allowed(self, items: NDArray[np.integer], out: Ints, into: Ints) -> Bools:
        """Whether quotas let items give up ``out`` for ``into`` (arrays that broadcast)."""
        fine = np.ones(np.broadcast(items, out, into).shape, dtype=np.bool_)
        for panel, held in zip(self._core.panels, self._held, strict=True):
            leaves, comes = panel.code[out], panel.code[into]
            enough = (leaves < 0) | (held[items, leaves] > panel.fewest[items, leaves])
            fits = (comes < 0) | (held[items, comes] < panel.most[items, comes])
            fine &= (leaves == comes) | (enough & fits)
        return fine

    def _spare(self, reviewer: int) -> bool:
        """Whether a reviewer may give an item up without getting another."""
        return bool(self._load[reviewer] > self._core.least[reviewer])

    def _replace(self, item: int, slot: int, row: Floats, room: Bools) -> Move | None:
        out = int(self._who[slot])
        if not self._spare(out):
            return None
        gain = np.where(room, row, NONE)
        if self._core.panels:
            everybody = np.arange(len(gain))
            gain = np.where(self._allowed(np.array(item), np.array(out), everybody), gain, NONE)
        who = int(np.argmax(gain))
        if gain[who] == NONE:
            return None
        worth = float(self._worth(item, self.sums[item] - self._score[slot] + gain[who]))
        return Move(worth, slot, who) if worth > TINY else None

    def _swap(self, item: int, slot: int, incoming: Floats) -> Move | None:
        out = int(self._who[slot])
        back = np.where(self._member[:, out], NONE, self._core.candidates.column(out))
        returned = back[self._item]
        # an exchange in which this item loses is found when it is the other's turn
        possible = np.flatnonzero((incoming > self._score[slot]) & (returned > NONE))
        if self._core.panels and len(possible):
            others, into = self._item[possible], self._who[possible]
            fine = self._allowed(np.array(item), np.array(out), into)
            possible = possible[fine & self._allowed(others, into, np.array(out))]
        if not len(possible):
            return None
        others = self._item[possible]
        worth = self._worth(item, self.sums[item] - self._score[slot] + incoming[possible])
        worth = worth + self._worth(others, self.sums[others] - self._score[possible] + returned[possible])
        at = int(np.argmax(worth))
        if worth[at] <= TINY:
            return None
        other = int(possible[at])
        return Move(float(worth[at]), slot, int(self._who[other]), other, out)

    def _nearest(self, incoming: Floats) -> Ints:
        """Slots of the reviewers who would help most."""
        known = np.flatnonzero(incoming > NONE)
        if len(known) <= CHAINS:
            return known
        return known[np.sort(np.argpartition(-incoming[known], CHAINS - 1)[:CHAINS])]

    def _alternatives(self, slots: Ints, room: Bools) -> tuple[Floats, Ints] | None:
        """For each slot the best reviewer with room who could take it instead."""
        spare = np.flatnonzero(room)
        if not len(spare):
            return None
        items = self._item[slots]
        scores = self._core.candidates.lookup(items[:, None], spare[None, :])
        scores = np.where(self._member[items[:, None], spare[None, :]], NONE, scores)
        if self._core.panels:
            fine = self._allowed(items[:, None], self._who[slots][:, None], spare[None, :])
            scores = np.where(fine, scores, NONE)
        best = scores.argmax(axis=1)
        return scores[np.arange(len(slots)), best], spare[best]

    def _chain(
        self, item: int, slot: int, incoming: Floats, near: Ints, alternatives: tuple[Floats, Ints] | None
    ) -> Move | None:
        out = int(self._who[slot])
        if alternatives is None or not self._spare(out):
            return None
        scores, who = alternatives
        possible = scores > NONE
        if self._core.panels:
            possible &= self._allowed(np.array(item), np.array(out), self._who[near])
        places = np.flatnonzero(possible)
        if not len(places):
            return None
        slots = near[places]
        others = self._item[slots]
        worth = self._worth(item, self.sums[item] - self._score[slot] + incoming[slots])
        worth = worth + self._worth(others, self.sums[others] - self._score[slots] + scores[places])
        at = int(np.argmax(worth))
        if worth[at] <= TINY:
            return None
        other = int(slots[at])
        return Move(float(worth[at]), slot, int(self._who[other]), other, int(who[places[at]]))
