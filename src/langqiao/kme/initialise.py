"""``langqiao kme init``: a test network with its own authority, configurations and stores, ready to serve.

Every rate of the nine cities is an assumption for illustration (示例), none is a measurement of a real link.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from langqiao.kme.config import load_config
from langqiao.kme.errors import KmeError
from langqiao.kme.files import SECRET_BYTES, write_atomic, write_secret
from langqiao.kme.pki import Authority
from langqiao.kme.sources import BLOCK_BYTES
from langqiao.kme.store import create_store

BASE_PORT: Final = 17014
HOSTS: Final = ("127.0.0.1", "localhost")
STOCK_UNITS: Final = 4096


@dataclass(frozen=True)
class City:
    """A node of the network to make."""

    slug: str
    name: str


@dataclass(frozen=True)
class Plan:
    """The network to make: cities, links (two slugs and bits a second), SAEs at each KME."""

    name: str
    cities: tuple[City, ...]
    links: tuple[tuple[str, str, float], ...]
    saes: int = 1


def kme_id(slug: str) -> str:
    """Return the identifier of a city's KME."""
    return f"KME-{slug}"


def sae_id(slug: str, number: int = 1) -> str:
    """Return the identifier of a city's SAE."""
    return f"SAE-{slug}-{number}"


def initialise(
    folder: Path,
    plan: Plan,
    *,
    ports: Sequence[int] = (),
    health_ports: Sequence[int] = (),
    stock: int = STOCK_UNITS,
    cipher: str = "sm4-gcm",
    extra: str = "",
) -> None:
    """Write a network: ``network.toml``, ``ca.crt``, a folder for each KME, a folder ``sae`` of certificates.

    Args:
        folder: new or empty.
        plan: what to make.
        ports: a port for each KME; default 17014 onwards.
        health_ports: a health port for each KME; none by default.
        stock: units of 256 bits that every link seems to have made already, for each direction.
        cipher: ``sm4-gcm`` or ``aes-256-gcm``.
        extra: TOML added to every configuration (tables [keys], [limits], [relay]).

    Raises:
        KmeError: the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise KmeError(f"{folder} is not empty", kind="init")
    ports = ports or range(BASE_PORT, BASE_PORT + len(plan.cities))
    authority = Authority(f"Langqiao test authority {os.urandom(4).hex()}")
    authority.write(folder / "ca.crt")
    _write_directory(folder, plan, ports)
    saes = folder / "sae"
    saes.mkdir(mode=0o700)
    for city in plan.cities:
        for number in range(1, plan.saes + 1):
            authority.issue(saes, sae_id(city.slug, number))
    places = {city.slug: folder / kme_id(city.slug) for city in plan.cities}
    for place in places.values():
        (place / "pairs").mkdir(mode=0o700, parents=True)
    _write_pairs(places)
    epoch = time.time()
    for index, city in enumerate(plan.cities):
        place = places[city.slug]
        authority.issue(place, kme_id(city.slug), hosts=HOSTS)
        write_secret(place / "master.key", os.urandom(SECRET_BYTES))
        health = health_ports[index] if health_ports else None
        text = _configuration(
            plan,
            city.slug,
            port=ports[index],
            health=health,
            cipher=cipher,
            extra=extra,
            epoch=epoch,
            stock=stock,
        )
        write_atomic(place / "kme.toml", text.encode())
        config = load_config(place / "kme.toml")
        create_store(config.store, cipher, config.master_key())


def _write_pairs(places: dict[str, Path]) -> None:
    slugs = sorted(places)
    for index, a in enumerate(slugs):
        for b in slugs[index + 1 :]:
            secret = os.urandom(SECRET_BYTES)
            write_secret(places[a] / "pairs" / f"{kme_id(b)}.key", secret)
            write_secret(places[b] / "pairs" / f"{kme_id(a)}.key", secret)


def _write_directory(folder: Path, plan: Plan, ports: Sequence[int]) -> None:
    lines = ["# A test network; every rate is an assumption.", f"name = {_quoted(plan.name)}", ""]
    for city, port in zip(plan.cities, ports, strict=True):
        lines += [
            "[[kme]]",
            f"id = {_quoted(kme_id(city.slug))}",
            f"city = {_quoted(city.name)}",
            f'url = "https://127.0.0.1:{port}"',
            "",
        ]
        for number in range(1, plan.saes + 1):
            lines += [
                "[[sae]]",
                f"id = {_quoted(sae_id(city.slug, number))}",
                f"kme = {_quoted(kme_id(city.slug))}",
                "",
            ]
    for a, b, rate in plan.links:
        lines += [
            "[[link]]",
            f"between = [{_quoted(kme_id(a))}, {_quoted(kme_id(b))}]",
            f"rate_bps = {rate:.1f}",
            'status = "assumed"',
            "",
        ]
    write_atomic(folder / "network.toml", "\n".join(lines).encode())


def _configuration(
    plan: Plan, slug: str, *, port: int, health: int | None, cipher: str, extra: str, epoch: float, stock: int
) -> str:
    me = kme_id(slug)
    lines = [
        "# One KME. docs/kme.md describes every key.",
        "[kme]",
        f"id = {_quoted(me)}",
        'network = "../network.toml"',
        'host = "127.0.0.1"',
        f"port = {port}",
        *([f"health_port = {health}"] if health is not None else []),
        "",
        "[tls]",
        f"certificate = {_quoted(me + '.crt')}",
        f"private_key = {_quoted(me + '.pem')}",
        'authority = "../ca.crt"',
        "",
        "[store]",
        'folder = "store"',
        'secrets = "pairs"',
        'master_key_file = "master.key"',
        f"cipher = {_quoted(cipher)}",
        "",
        *([extra, ""] if extra else []),
    ]
    for a, b, rate in plan.links:
        if slug in (a, b):
            began = epoch - (2 * stock * 8 * BLOCK_BYTES / 64 / rate if rate else 0.0)
            lines += [
                "# The simulator is for trials only: its keys are pseudo-random.",
                "[[source]]",
                f"peer = {_quoted(kme_id(b if slug == a else a))}",
                'kind = "simulator"',
                f"epoch = {began:.3f}",
                "",
            ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)


def nine_cities(*, saes: int = 2) -> Plan:
    """Return the nine cities with the rates of :mod:`langqiao.engines.qkd` (示例: every input is an
    assumption).
    """
    from langqiao.engines.qkd.network import nine_cities as load

    network = load()
    cities = tuple(City(node.id, node.name) for node in network.nodes)
    links = tuple((link.a, link.b, link.rate) for link in network.links)
    return Plan("nine cities", cities, links, saes)
