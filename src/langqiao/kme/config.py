"""The configuration of one KME: a TOML file; relative paths start at the file's folder.

docs/kme.md describes every key. Keys that are not known are refused: a misspelt limit would be no limit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from langqiao.kme.errors import KmeError
from langqiao.kme.files import read_secret, secret_from_hex
from langqiao.kme.network import Directory, load_directory, read_toml
from langqiao.kme.toml import Table, tables

MASTER_VARIABLE: Final = "LANGQIAO_KME_MASTER_KEY"
CIPHERS: Final = ("sm4-gcm", "aes-256-gcm")
UNIT_BITS: Final = 256
MAX_KEY_BITS: Final = 8192
"""A key is cut from at most 32 units, so that every block of 64 units holds some."""


@dataclass(frozen=True)
class KeyLimits:
    """Sizes in bits and counts, as the Status answer tells them (ETSI GS QKD 014, 6.1)."""

    key_size: int = 256
    min_key_size: int = 64
    max_key_size: int = MAX_KEY_BITS
    max_key_per_request: int = 128
    max_key_count: int = 100_000
    max_sae_id_count: int = 8


@dataclass(frozen=True)
class RateLimits:
    """What one SAE may ask for; 0 switches a limit off."""

    requests_per_second: float = 0.0
    keys_per_second: float = 0.0
    burst_seconds: float = 2.0
    keys_per_day: int = 0


@dataclass(frozen=True)
class RelaySettings:
    """Keys between KMEs without a link of their own. Counts are units of 256 bits, times are seconds."""

    low_water: int = 128
    block: int = 32
    expires: float = 60.0
    multicast_timeout: float = 10.0


@dataclass(frozen=True)
class SourceSettings:
    """Where the keys shared with ``peer`` come from; ``options`` are the source's own keys."""

    peer: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Config:
    """A KME as configured. Secrets are read on demand and never kept here."""

    path: Path
    id: str
    host: str
    port: int
    directory: Directory
    store: Path
    certificate: Path
    private_key: Path
    authority: Path
    secrets: Path
    master_file: Path | None
    cipher: str
    tls_minimum: str
    body_limit: int
    request_timeout: float
    max_key_age: float
    health_port: int | None
    keys: KeyLimits
    limits: RateLimits
    relay: RelaySettings
    sources: tuple[SourceSettings, ...]

    def master_key(self, variable: str = MASTER_VARIABLE) -> bytes:
        """Return the 32-byte master key from its file, or from the environment when no file is named.

        Raises:
            KmeError: neither is there, the file is not private, or the text is not 64 hexadecimal digits.
        """
        if self.master_file is not None:
            return read_secret(self.master_file)
        text = os.environ.get(variable, "")
        if not text:
            raise KmeError(f"no master_key_file in {self.path} and no {variable} set", kind="secret")
        return secret_from_hex(text, variable)

    def pair_secret(self, peer: str) -> bytes:
        """Return the 32-byte secret shared with ``peer``: it names keys, it never protects them.

        Raises:
            KmeError: the file is missing or not private.
        """
        return read_secret(self.secrets / f"{peer}.key")


def load_config(path: Path) -> Config:
    """Read and check a KME's configuration.

    Raises:
        KmeError: the place and the key that is wrong.
    """
    return parse_config(read_toml(path), path)


def parse_config(data: Mapping[str, Any], path: Path) -> Config:
    """Check the tables of a configuration file and read the directory it names.

    Raises:
        KmeError: the place and the key that is wrong.
    """
    top = Table(data, str(path))
    base = path.parent
    kme, tls, keep = top.table("kme"), top.table("tls"), top.table("store")
    name = kme.identifier("id")
    directory = load_directory(_place(base, kme, "network"))
    if name not in directory.kmes:
        raise KmeError(f"{path}: KME {name} is not in the network file", kind="config")
    master = keep.text("master_key_file", "")
    config = Config(
        path=path,
        id=name,
        host=kme.host("host", "127.0.0.1"),
        port=kme.whole("port", least=0, most=65535),
        directory=directory,
        store=_place(base, keep, "folder"),
        certificate=_place(base, tls, "certificate"),
        private_key=_place(base, tls, "private_key"),
        authority=_place(base, tls, "authority"),
        secrets=_place(base, keep, "secrets"),
        master_file=base / master if master else None,
        cipher=keep.choice("cipher", "sm4-gcm", CIPHERS),
        tls_minimum=tls.choice("minimum", "1.3", ("1.2", "1.3")),
        body_limit=kme.whole("body_limit", 1 << 18, least=1 << 10, most=1 << 24),
        request_timeout=kme.number("request_timeout", 10.0, least=0.1, most=600.0),
        max_key_age=kme.number("max_key_age", 86400.0, least=1.0, most=1e8),
        health_port=kme.whole("health_port", least=0, most=65535) if "health_port" in kme.data else None,
        keys=_keys(top.table("keys"), str(path)),
        limits=_rates(top.table("limits")),
        relay=_relay(top.table("relay")),
        sources=tuple(_source(row, name, directory) for row in tables(top, "source")),
    )
    for table in (kme, tls, keep, top):
        table.done()
    peers = [source.peer for source in config.sources]
    if len(set(peers)) != len(peers):
        raise KmeError(f"{path}: a peer has two sources", kind="config")
    return config


def _place(base: Path, table: Table, name: str) -> Path:
    return base / table.text(name)


def _keys(table: Table, place: str) -> KeyLimits:
    default = KeyLimits()
    keys = KeyLimits(
        key_size=table.whole("key_size", default.key_size, least=8, most=MAX_KEY_BITS),
        min_key_size=table.whole("min_key_size", default.min_key_size, least=8, most=MAX_KEY_BITS),
        max_key_size=table.whole("max_key_size", default.max_key_size, least=8, most=MAX_KEY_BITS),
        max_key_per_request=table.whole(
            "max_key_per_request", default.max_key_per_request, least=1, most=10_000
        ),
        max_key_count=table.whole("max_key_count", default.max_key_count, least=64, most=10_000_000),
        max_sae_id_count=table.whole("max_sae_id_count", default.max_sae_id_count, least=0, most=64),
    )
    table.done()
    sizes = (keys.min_key_size, keys.key_size, keys.max_key_size)
    if any(size % 8 for size in sizes) or list(sizes) != sorted(sizes):
        raise KmeError(
            f"{place}, [keys]: min_key_size, key_size, max_key_size shall rise and be multiples of 8",
            kind="config",
        )
    return keys


def _rates(table: Table) -> RateLimits:
    default = RateLimits()
    found = RateLimits(
        requests_per_second=table.number("requests_per_second", 0.0, least=0.0, most=1e9),
        keys_per_second=table.number("keys_per_second", 0.0, least=0.0, most=1e9),
        burst_seconds=table.number("burst_seconds", default.burst_seconds, least=0.1, most=3600.0),
        keys_per_day=table.whole("keys_per_day", 0, least=0, most=10**12),
    )
    table.done()
    return found


def _relay(table: Table) -> RelaySettings:
    default = RelaySettings()
    found = RelaySettings(
        low_water=table.whole("low_water", default.low_water, least=0, most=1_000_000),
        block=table.whole("block", default.block, least=1, most=64),
        expires=table.number("expires", default.expires, least=1.0, most=86400.0),
        multicast_timeout=table.number("multicast_timeout", default.multicast_timeout, least=0.1, most=600.0),
    )
    table.done()
    return found


def _source(row: Table, name: str, directory: Directory) -> SourceSettings:
    source = SourceSettings(
        peer=row.identifier("peer"),
        kind=row.identifier("kind"),
        options={key: value for key, value in row.data.items() if key not in ("peer", "kind")},
    )
    if directory.link(name, source.peer) is None:
        raise KmeError(f"{row.place}: {name} has no link to {source.peer}", kind="config")
    return source
