"""Every set of a small field, tried one by one: what the choice must agree with."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from langqiao.engines.selection.choice import AtLeast, AtMost, Bar, Budget, Gate, Pin, Places


def keeps(rule, chosen, candidates, rules):
    """Whether a set of candidates keeps a rule; ``rules`` are all, since they say who is eligible."""
    ids = {candidate.id for candidate in chosen}
    match rule:
        case Places(number):
            return len(chosen) == number
        case Budget(limit):
            return sum(round(1e6 * candidate.cost) for candidate in chosen) <= round(1e6 * limit)
        case Gate(score):
            return all(candidate.score >= score for candidate in chosen)
        case Pin(key):
            return key in ids
        case Bar(key):
            return key not in ids
        case AtMost(attribute, number, value):
            counts = Counter(candidate.attributes.get(attribute, "") for candidate in chosen)
            return all(counts[own] <= number for own in counts if own and value in (None, own))
        case AtLeast(attribute, number, value):
            counts = Counter(candidate.attributes.get(attribute, "") for candidate in chosen)
            if value is not None:
                return counts[value] >= number
            gate = max((rule.score for rule in rules if isinstance(rule, Gate)), default=-1e9)
            barred = {rule.candidate for rule in rules if isinstance(rule, Bar)}
            eligible = Counter(
                c.attributes.get(attribute, "") for c in candidates if c.score >= gate and c.id not in barred
            )
            values = {candidate.attributes.get(attribute, "") for candidate in candidates} - {""}
            return all(counts[own] >= min(number, eligible[own]) for own in values)
    raise AssertionError(rule)


def feasible(candidates, kept, rules):
    """All sets that keep the rules in ``kept``."""
    sizes = [rule.number for rule in kept if isinstance(rule, Places)] or range(len(candidates) + 1)
    for size in sizes:
        for chosen in combinations(candidates, size):
            if all(keeps(rule, chosen, candidates, rules) for rule in kept):
                yield chosen


def total(chosen):
    return sum(round(1e6 * candidate.score) for candidate in chosen)


def best(candidates, kept, rules):
    """The best total in millionths, or None; and the first of the best sets by sorted identifiers."""
    sets = list(feasible(candidates, kept, rules))
    if not sets:
        return None, None
    most = max(map(total, sets))
    return most, min(sorted(c.id for c in chosen) for chosen in sets if total(chosen) == most)
