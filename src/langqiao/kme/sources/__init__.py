"""Where keys come from: a simulator, a file, or vendor equipment plugged in by an entry point.

A source belongs to one link and yields numbered blocks; both ends of the link yield the same material under
the same number. Blocks of even number are issued by the KME whose identifier sorts first, odd ones by the
other, so that no key can be issued from both ends.

Vendor equipment plugs in by an entry point of the group ``langqiao.kme.sources``: its name is the ``kind``
of the configuration, its object a callable ``(Link context) -> KeySource``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, Protocol

from langqiao.kme.config import Config, SourceSettings
from langqiao.kme.errors import KmeError

GROUP: Final = "langqiao.kme.sources"
BLOCK_UNITS: Final = 64
BLOCK_BYTES: Final = BLOCK_UNITS * 32


@dataclass(frozen=True)
class Block:
    """A numbered block: 2,048 bytes, the same at both ends of the link."""

    number: int
    material: bytes = field(repr=False)


@dataclass(frozen=True)
class LinkContext:
    """What a source is told: both ends, its options, the folder of the configuration, the nominal rate.

    ``secret`` gives the pair's shared secret (only the simulator has a use for it).
    """

    local: str
    peer: str
    rate_bps: float
    folder: Path
    options: Mapping[str, Any]
    secret: Callable[[], bytes] = field(repr=False)


class KeySource(Protocol):
    """A stream of blocks. It is called by one thread, about five times a second, and must not wait long."""

    def poll(self, cursor: str, most: int) -> tuple[list[Block], str]:
        """Return new blocks since ``cursor`` and the cursor behind them.

        Args:
            cursor: empty at first; then what was returned last and made durable together with the blocks.
            most: return no more blocks than this.

        Returns:
            Blocks in rising order of number, and the new cursor (a text of the source's own).

        Raises:
            KmeError: the equipment does not answer or gave something impossible.
        """


Maker = Callable[[LinkContext], KeySource]


def make_source(config: Config, settings: SourceSettings) -> KeySource:
    """Return the source of one link.

    Raises:
        KmeError: the kind is unknown, or the source refuses its options.
    """
    from langqiao.kme.sources.file import FileSource
    from langqiao.kme.sources.simulator import Simulator

    link = config.directory.link(config.id, settings.peer)
    assert link is not None, "the configuration was checked"
    context = LinkContext(
        local=config.id,
        peer=settings.peer,
        rate_bps=link.rate_bps,
        folder=config.path.parent,
        options=settings.options,
        secret=lambda: config.pair_secret(settings.peer),
    )
    built_in: dict[str, Maker] = {"simulator": Simulator, "file": FileSource}
    maker = built_in.get(settings.kind) or _plugin(settings.kind)
    return maker(context)


def _plugin(kind: str) -> Maker:
    for point in entry_points(group=GROUP, name=kind):
        try:
            found: Maker = point.load()
        except (ImportError, AttributeError) as error:
            raise KmeError(f"the source {kind} cannot be loaded: {error}", kind="source") from error
        return found
    raise KmeError(f"no source of kind {kind!r}; built in are simulator and file", kind="source")
