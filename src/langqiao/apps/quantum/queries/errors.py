"""The quantum bit error rate (量子误码率, QBER) of link ends: where key ends, what was last reported.

Error rates are fractions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from statistics import median

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from langqiao.apps.quantum.models import Link, Reading
from langqiao.apps.quantum.queries.network import equipment
from langqiao.engines.qkd.physics import decoy_rate

SHOR_PRESKILL = 0.11
"""Where 1 − 2H₂(x) = 0: BB84 with one-way post-processing (P. W. Shor, J. Preskill, PRL 85, 441 (2000))."""
WINDOW = timedelta(hours=24)
USUAL_FROM = 3  # earlier readings; fewer say nothing of what is usual
STEPS = 40  # of a bisection that starts from 0 to 0.5


@dataclass(frozen=True, slots=True)
class Limit:
    """The error rate at which a link makes no key (中止阈值), by its own model or by the protocol's."""

    value: float
    is_modelled: bool


def limit_of(link: Link) -> Limit:
    """Where a link stops making key.

    A link whose rate is modelled has the error rate at which that model (decoy-state BB84 with vacuum and
    weak decoy, over one span with the link's equipment) yields nothing. One whose rate was measured, or
    whose fibre is too long for the model at any error rate, has the limit of the protocol.
    """
    found = None if link.measured_bps is not None else _modelled(link.equipment, link.fibre_km / link.spans)
    return Limit(SHOR_PRESKILL, is_modelled=False) if found is None else Limit(found, is_modelled=True)


@lru_cache(maxsize=1_024)
def _modelled(name: str, km: float) -> float | None:
    """Error rate of signal pulses at which the key of a span ends; None where it has none anyhow.

    The errors of photons that arrived (e_d) are raised until no key is left; how many arrive is unchanged.
    """
    parameters = equipment()[name]
    if not decoy_rate(replace(parameters, misalignment=0.0), km).rate_vacuum_weak:
        return None
    low, high = 0.0, 0.5
    for _step in range(STEPS):
        middle = (low + high) / 2
        has_key = decoy_rate(replace(parameters, misalignment=middle), km).rate_vacuum_weak > 0.0
        low, high = (middle, high) if has_key else (low, middle)
    return decoy_rate(replace(parameters, misalignment=low), km).error


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """The last reading of one end that bears an error rate.

    Attributes:
        reading: with its site.
        usual: median of the 24 hours before it; None for fewer than three readings.
    """

    reading: Reading
    usual: float | None

    @property
    def value(self) -> float:
        """The error rate."""
        return self.reading.qber or 0.0


def error_rates(links: Iterable[Link]) -> dict[int, list[ErrorRate]]:
    """By link the last error rate of each end, where it is not older than 24 hours; two queries.

    Illustrative readings do not age.
    """
    reported = Reading.objects.filter(qber__isnull=False)
    newest = {
        end: Subquery(
            reported.filter(link=OuterRef("pk"), site=OuterRef(end)).order_by("-at").values("at")[:1]
        )
        for end in ("a", "b")
    }
    ends = Link.objects.filter(pk__in=[link.pk for link in links]).annotate(
        at_a=newest["a"], at_b=newest["b"]
    )
    wanted = Q()
    for key, a, b, at_a, at_b in ends.values_list("pk", "a", "b", "at_a", "at_b"):
        for site, at in ((a, at_a), (b, at_b)):
            if at is not None:
                wanted |= Q(link=key, site=site, at__gte=at - WINDOW, at__lte=at)
    if not wanted:
        return {}
    by_end: dict[tuple[int, int], list[Reading]] = defaultdict(list)
    for reading in reported.filter(wanted).select_related("site").order_by("at", "pk"):
        by_end[reading.link_id, reading.site_id].append(reading)
    oldest = timezone.now() - WINDOW
    found: dict[int, list[ErrorRate]] = defaultdict(list)
    for (link, _site), readings in by_end.items():
        *earlier, last = readings
        if last.illustrative or last.at >= oldest:
            values = [one.qber for one in earlier if one.qber is not None]
            usual = median(values) if len(values) >= USUAL_FROM else None
            found[link].append(ErrorRate(last, usual))
    return found
