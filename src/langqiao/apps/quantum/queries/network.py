"""Reads of sites and links: rates, the network that plans are made of, the map, latest readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from math import atan2, cos, hypot, pi, radians, sin
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from langqiao.apps.quantum.models import Link, Reading, Site
from langqiao.apps.quantum.rules import operated_ids
from langqiao.engines.qkd.network import nine_cities
from langqiao.engines.qkd.physics.spans import link_of
from langqiao.engines.qkd.types import Link as EngineLink
from langqiao.engines.qkd.types import Network, Node, Parameters
from langqiao.kit.words import named

STALE_SECONDS = 3_600
KEY_BITS = 256
# A pool at or above the per cent bears the level's name.
LEVELS: tuple[tuple[float, str], ...] = ((50.0, "ample"), (20.0, "fair"), (0.0, "low"))
WIDTH, HEIGHT, EDGE = 720.0, 540.0, 56.0
SIDE = 0.3  # of a unit vector: from there on a name stands beside its site, not above or below
LABELLED = 60.0  # shorter lines bear no label
RING = 18.0  # distance of several sites of one city from its centre, in units of the map


@cache
def equipment() -> dict[str, Parameters]:
    """The illustrative sets of equipment by name."""
    return {one.name: one for one in nine_cities().equipment}


def links_with_sites() -> QuerySet[Link]:
    """Links with their ends, cities and operators."""
    return Link.objects.select_related("a__city", "b__city", "a__operator", "b__operator")


def engine_link(link: Link) -> EngineLink:
    """A link as the engine takes it: even spans, or its measured rate."""
    if link.measured_bps is not None:
        return EngineLink(link.a.slug, link.b.slug, (), "", 1, link.measured_bps, measured=True)
    spans = (link.fibre_km / link.spans,) * link.spans
    return link_of(
        link.a.slug,
        link.b.slug,
        spans=spans,
        parameters=equipment()[link.equipment],
        systems=link.systems,
    )


def rate_of(link: Link) -> float:
    """Key that a link makes in bits a second, measured or by the model, also while it is down."""
    return engine_link(link).rate


def is_up(link: Link) -> bool:
    """Whether a link can be planned with: it is up and so are both sites."""
    return link.state == Link.State.UP and Site.State.SUSPENDED not in {link.a.state, link.b.state}


def network_of(sites: Iterable[Site], links: Iterable[Link]) -> Network:
    """The network that plans are made of: every site as a node, and the links that are up."""
    model = nine_cities()
    return Network(
        name="langqiao",
        nodes=tuple(
            Node(one.slug, one.name, one.name_en, one.city.latitude, one.city.longitude, one.trusted)
            for one in sites
        ),
        links=tuple(engine_link(one) for one in links if is_up(one)),
        equipment=model.equipment,
        default=model.default,
        rules=model.rules,
    )


# -- readings ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pool:
    """The key pool of a link as its ends last said: the lower of the two counts."""

    link: Link
    readings: list[Reading] = field(default_factory=list)

    @property
    def reading(self) -> Reading | None:
        """The reading of the emptier end, None where neither answered."""
        heard = [one for one in self.readings if one.level is not None]
        return min(heard, key=lambda one: one.level or 0.0, default=None)

    @property
    def silent(self) -> list[Reading]:
        """Readings of ends that did not answer."""
        return [one for one in self.readings if not one.reachable]

    @property
    def is_stale(self) -> bool:
        """Whether the newest reading is older than an hour; illustrative readings do not age."""
        if not self.readings or all(one.illustrative for one in self.readings):
            return False
        return (timezone.now() - max(one.at for one in self.readings)).total_seconds() > STALE_SECONDS

    @property
    def level(self) -> str:
        """``down``, ``unknown``, ``empty``, ``low``, ``fair`` or ``ample``."""
        if not is_up(self.link):
            return "down"
        found = self.reading
        if found is None or found.level is None or self.is_stale:
            return "unknown"
        if (found.stored_bits or 0) < KEY_BITS:
            return "empty"
        return next(name for least, name in LEVELS if found.level >= least)

    @property
    def hours_left(self) -> float | None:
        """Hours until the pool is empty at the last rates; None where it does not shrink."""
        found = self.reading
        if found is None or found.generated_bps is None or found.consumed_bps is None:
            return None
        drain = found.consumed_bps - found.generated_bps
        return (found.stored_bits or 0) / drain / 3_600 if drain > 0 else None


def pools(links: Iterable[Link]) -> list[Pool]:
    """The pool of every link; one query for the readings of all."""
    rows = list(links)
    newest = (
        Reading.objects.filter(link=OuterRef("link"), site=OuterRef("site")).order_by("-at").values("pk")[:1]
    )
    latest = Reading.objects.filter(link__in=[one.pk for one in rows]).filter(pk=Subquery(newest))
    by_link: dict[int, list[Reading]] = defaultdict(list)
    for reading in latest.select_related("site"):
        by_link[reading.link_id].append(reading)
    return [Pool(one, by_link[one.pk]) for one in rows]


def series_of(link: Link, *, site: Site, most: int = 500) -> list[Reading]:
    """The newest readings of one end in order of time."""
    return list(link.readings.filter(site=site).order_by("-at")[:most])[::-1]


# -- the map -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dot:
    """A site on the map; its name stands at ``text_x``, ``text_y`` and begins, ends or is centred there."""

    site: Site
    name: str
    x: float
    y: float
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    """A link on the map with its label's place."""

    link: Link
    x1: float
    y1: float
    x2: float
    y2: float
    level: str
    label: str

    @property
    def middle(self) -> tuple[float, float]:
        """Where the label stands."""
        return round((self.x1 + self.x2) / 2, 1), round((self.y1 + self.y2) / 2, 1)


def places(sites: Iterable[Site]) -> dict[int, tuple[float, float]]:
    """Where sites stand on the map, by key: cities by their coordinates, several sites of a city in a ring.

    One degree of longitude is drawn as long as it is at the middle latitude, so that directions hold.
    """
    by_city: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        by_city[site.city_id].append(site)
    cities = [group[0].city for group in by_city.values()]
    if not cities:
        return {}
    west, east = min(c.longitude for c in cities), max(c.longitude for c in cities)
    south, north = min(c.latitude for c in cities), max(c.latitude for c in cities)
    shrink = cos(radians((south + north) / 2))
    wide, high = max((east - west) * shrink, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - high * scale) / 2
    found = {}
    for group in by_city.values():
        city = group[0].city
        x = left + (city.longitude - west) * shrink * scale
        y = top + (north - city.latitude) * scale
        for number, site in enumerate(group):
            turn = 2 * pi * number / len(group)
            away = RING if len(group) > 1 else 0.0
            found[int(site.pk)] = (round(x + away * cos(turn), 1), round(y + away * sin(turn), 1))
    return found


def dots_of(sites: Iterable[Site], links: Iterable[Link] = ()) -> list[Dot]:
    """Sites with their places; a name stands in the widest gap between the site's links."""
    rows = list(sites)
    at = places(rows)
    turns: dict[int, list[float]] = defaultdict(list)
    for link in links:
        (x1, y1), (x2, y2) = at[link.a_id], at[link.b_id]
        turns[link.a_id].append(atan2(y2 - y1, x2 - x1))
        turns[link.b_id].append(atan2(y1 - y2, x1 - x2))
    return [_dot(site, at[int(site.pk)], sorted(turns[int(site.pk)])) for site in rows]


def _dot(site: Site, place: tuple[float, float], turns: list[float]) -> Dot:
    x, y = place
    turn = 0.0
    if turns:
        after = [*turns[1:], turns[0] + 2 * pi]
        first, last = max(zip(turns, after, strict=True), key=lambda gap: gap[1] - gap[0])
        turn = (first + last) / 2
    dx, dy = cos(turn), sin(turn)
    anchor = "start" if dx > SIDE else "end" if dx < -SIDE else "middle"
    return Dot(site, named(site), x, y, round(x + 14 * dx, 1), round(y + 18 * dy + 5, 1), anchor)


def lines_of(rows: Iterable[Pool], dots: Iterable[Dot], *, with_levels: bool) -> list[Line]:
    """Links with their ends; without ``with_levels`` only whether they are up is shown."""
    at = {dot.site.pk: (dot.x, dot.y) for dot in dots}
    lines = []
    for pool in rows:
        level = pool.level if with_levels else ("open" if is_up(pool.link) else "down")
        reading = pool.reading
        label = f"{reading.level:.0f}%" if with_levels and reading and reading.level is not None else ""
        (x1, y1), (x2, y2) = at[pool.link.a_id], at[pool.link.b_id]
        if level in {"down", "unknown"} or hypot(x2 - x1, y2 - y1) < LABELLED:
            label = ""
        lines.append(Line(pool.link, x1, y1, x2, y2, level, label))
    return lines


def links_at(site: Site) -> QuerySet[Link]:
    """Links that end at a site."""
    return (links_with_sites().filter(a=site) | links_with_sites().filter(b=site)).order_by("pk")


def ends_run_by(viewer: Any) -> list[tuple[Link, Site]]:
    """Every end of a link at a site that the viewer operates."""
    mine = operated_ids(viewer)
    return [
        (link, site) for link in links_with_sites() for site in (link.a, link.b) if site.operator_id in mine
    ]


def other_end(link: Link, site: Site) -> Site:
    """The end of a link that is not the site."""
    return link.b if link.a_id == site.pk else link.a


def sites_with_links() -> QuerySet[Site]:
    """Sites with city and operator, in the order of cities."""
    return Site.objects.select_related("city", "operator").order_by(F("city__order"), "slug")


def site_choices(rows: Iterable[Site]) -> list[tuple[str, Any]]:
    """Code name and name of sites, in the reader's language."""
    return [(one.slug, named(one)) for one in rows]
