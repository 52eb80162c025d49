"""The directory of a key network: KMEs, the SAEs at each, links, and routes over trusted nodes (可信中继).

One TOML file, the same for every KME::

    name = "nine cities"

    [[kme]]
    id = "KME-hefei"
    city = "合肥"
    url = "https://127.0.0.1:17001"

    [[sae]]
    id = "SAE-hefei-1"
    kme = "KME-hefei"

    [[link]]
    between = ["KME-hefei", "KME-wuhu"]
    rate_bps = 17500.0
"""

from __future__ import annotations

import itertools
import tomllib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from langqiao.kme.errors import KmeError
from langqiao.kme.toml import Table, is_host, tables

LARGEST_FILE: Final = 4 << 20
MAX_ID: Final = 128


@dataclass(frozen=True)
class Kme:
    """A KME: its identifier (the CN of its certificate), city and base URL."""

    id: str
    url: str
    city: str = ""


@dataclass(frozen=True)
class Link:
    """A quantum link between two KMEs; ``rate_bps`` is its secret-key rate in bits a second."""

    a: str
    b: str
    rate_bps: float
    status: str = "assumed"


@dataclass(frozen=True)
class Directory:
    """Who is where, and which KMEs share a link."""

    name: str
    kmes: Mapping[str, Kme]
    saes: Mapping[str, str]
    links: tuple[Link, ...]
    _near: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def neighbours(self, kme: str) -> tuple[str, ...]:
        """Return the KMEs that share a link with ``kme``, sorted."""
        if not self._near:
            near: dict[str, set[str]] = {name: set() for name in self.kmes}
            for link in self.links:
                near[link.a].add(link.b)
                near[link.b].add(link.a)
            self._near.update({name: tuple(sorted(found)) for name, found in near.items()})
        return self._near[kme]

    def link(self, a: str, b: str) -> Link | None:
        """Return the link between two KMEs, if they share one."""
        for link in self.links:
            if {link.a, link.b} == {a, b}:
                return link
        return None

    def slowest(self, route: Sequence[str]) -> float:
        """Return the rate of the slowest link of a route in bits a second, 0 where there is none."""
        links = [self.link(a, b) for a, b in itertools.pairwise(route)]
        return min((link.rate_bps for link in links if link is not None), default=0.0)

    def route(self, a: str, b: str, *, without: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
        """Return the KMEs from ``a`` to ``b`` over the fewest links, or ``None``; ties by name.

        ``without`` names KMEs that may not be passed (they did not answer).
        """
        before: dict[str, str] = {a: a}
        waiting = deque([a])
        while waiting and b not in before:
            here = waiting.popleft()
            for near in self.neighbours(here):
                if near not in before and (near == b or near not in without):
                    before[near] = here
                    waiting.append(near)
        if b not in before:
            return None
        steps = [b]
        while steps[-1] != a:
            steps.append(before[steps[-1]])
        return tuple(reversed(steps))


def load_directory(path: Path) -> Directory:
    """Read the directory.

    Raises:
        KmeError: the file is missing, is not TOML, or names something twice or not at all.
    """
    return parse_directory(read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of at most four mebibytes.

    Raises:
        KmeError: it cannot be read, is too large, or is not TOML.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise KmeError(f"{path}: {getattr(error, 'strerror', None) or error}", kind="config") from error
    if len(data) > LARGEST_FILE:
        raise KmeError(f"{path} is larger than {LARGEST_FILE} bytes", kind="config")
    return parse_toml(data, str(path))


def parse_toml(data: bytes, place: str) -> dict[str, Any]:
    """Return the tables of a TOML text.

    Raises:
        KmeError: it is not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise KmeError(f"{place} is not TOML: {error}", kind="config") from error


def parse_directory(data: Mapping[str, Any], place: str) -> Directory:
    """Check the tables of a directory file.

    Raises:
        KmeError: something is missing, of the wrong type, named twice, or refers to nothing.
    """
    top = Table(data, place)
    kmes = {}
    for row in tables(top, "kme"):
        kme = Kme(id=row.identifier("id"), url=_url(row), city=row.text("city", ""))
        row.done()
        if kme.id in kmes:
            raise KmeError(f"{place}: KME {kme.id} stands twice", kind="config")
        kmes[kme.id] = kme
    saes: dict[str, str] = {}
    for row in tables(top, "sae"):
        sae, home = row.identifier("id"), row.identifier("kme")
        row.done()
        if sae in saes or sae in kmes:
            raise KmeError(f"{place}: SAE {sae} stands twice", kind="config")
        if home not in kmes:
            raise KmeError(f"{place}: SAE {sae} stands at the unknown KME {home}", kind="config")
        saes[sae] = home
    links: list[Link] = []
    seen: set[frozenset[str]] = set()
    for row in tables(top, "link"):
        ends = row.texts("between")
        link = _link(row, ends, kmes)
        if (pair := frozenset(ends)) in seen:
            raise KmeError(f"{place}: link {ends[0]}–{ends[1]} stands twice", kind="config")
        seen.add(pair)
        links.append(link)
    name = top.text("name", "")
    top.done()
    if not kmes:
        raise KmeError(f"{place} names no KME", kind="config")
    return Directory(name=name, kmes=kmes, saes=saes, links=tuple(links))


def _link(row: Table, ends: tuple[str, ...], kmes: Mapping[str, Kme]) -> Link:
    if len(ends) != 2 or ends[0] == ends[1] or not set(ends) <= set(kmes):
        raise KmeError(f"{row.place}: between shall name two KMEs of this file", kind="config")
    link = Link(
        a=ends[0],
        b=ends[1],
        rate_bps=row.number("rate_bps", least=0.0, most=1e12),
        status=row.text("status", "assumed"),
    )
    row.done()
    return link


def _url(row: Table) -> str:
    url = row.text("url").rstrip("/")
    try:
        parts = urlsplit(url)
        named = parts.hostname or ""
        good = parts.scheme == "https" and named != "" and is_host(named) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path or parts.query or parts.fragment:
        raise KmeError(f"{row.place}: url shall be https://HOST:PORT", kind="config")
    return url
