"""Networks of real KMEs: certificates, stores and ports of their own for every test that asks."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from langqiao.kme.client import KmeClient
from langqiao.kme.config import Config, load_config
from langqiao.kme.initialise import City, Plan, initialise, kme_id, sae_id
from langqiao.kme.server import Running, running

LINE = Plan(
    "a line of three",
    (City("east", "东"), City("middle", "中"), City("west", "西")),
    (("east", "middle", 2e6), ("middle", "west", 2e6)),
    saes=2,
)


def free_ports(count: int) -> list[int]:
    """Ports of the operating system's choice; all are held until the last is known."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            held = stack.enter_context(socket.socket())
            held.bind(("127.0.0.1", 0))
            found.append(held.getsockname()[1])
        return found


@dataclass
class Network:
    """A network on disk, and the KMEs of it that run in threads of this process."""

    folder: Path
    kmes: dict[str, Thread] = field(default_factory=dict)
    clients: ExitStack = field(default_factory=ExitStack)

    def config(self, slug: str) -> Config:
        return load_config(self.folder / kme_id(slug) / "kme.toml")

    def start(self, *slugs: str) -> None:
        for slug in slugs:
            self.kmes[slug] = Thread(self.config(slug))

    def stop(self, *slugs: str) -> None:
        for slug in slugs or tuple(self.kmes):
            self.kmes.pop(slug).stop()

    def client(self, slug: str, number: int = 1, *, at: str = "") -> KmeClient:
        """The client of an SAE, at its own KME or at another."""
        url = self.config(at or slug).directory.kmes[kme_id(at or slug)].url
        crt, key = self.files(sae_id(slug, number))
        return self.clients.enter_context(KmeClient(url, crt, key, self.folder / "ca.crt"))

    def files(self, sae: str) -> tuple[Path, Path]:
        return self.folder / "sae" / f"{sae}.crt", self.folder / "sae" / f"{sae}.pem"

    def address(self, slug: str) -> tuple[str, int]:
        host, _sep, port = (
            self.config(slug).directory.kmes[kme_id(slug)].url.removeprefix("https://").partition(":")
        )
        return host, int(port)


class Thread:
    """A KME in a thread with an event loop of its own."""

    def __init__(self, config: Config) -> None:
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self.here: Running | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(config)), name=config.id)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    async def _run(self, config: Config) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with running(config) as self.here:
                self._ready.set()
                await self._end.wait()
        except BaseException as error:
            self._error = error
            self._ready.set()
            raise

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        if self._error is not None:
            raise self._error


Maker = Callable[..., Network]


@pytest.fixture(scope="session")
def line_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of three on disk, made once; the tests work on copies."""
    folder = tmp_path_factory.mktemp("kme") / "line"
    initialise(folder, LINE, stock=1024)
    return folder


@pytest.fixture
def network(line_folder: Path, tmp_path: Path) -> Iterator[Maker]:
    """Copy the network of three to ports of its own: ``network("east", "middle", extra=…)`` starts those."""
    with ExitStack() as stack:

        def make(*slugs: str, extra: str = "") -> Network:
            folder = tmp_path / f"net{len(list(tmp_path.iterdir()))}"
            shutil.copytree(line_folder, folder)
            rewrite_ports(folder, [city.slug for city in LINE.cities], extra)
            made = Network(folder)
            stack.callback(made.stop)
            stack.callback(made.clients.close)
            made.start(*slugs)
            return made

        yield make


def rewrite_ports(folder: Path, slugs: list[str], extra: str) -> None:
    directory = folder / "network.toml"
    text = directory.read_text()
    for slug, port in zip(slugs, free_ports(len(slugs)), strict=True):
        place = folder / kme_id(slug) / "kme.toml"
        config = place.read_text()
        old = next(line for line in config.splitlines() if line.startswith("port = ")).removeprefix("port = ")
        text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{port}")
        place.write_text(
            config.replace(f"port = {old}", f"port = {port}").replace(
                "[[source]]", f"{extra}\n\n[[source]]", 1
            )
        )
    directory.write_text(text)


def until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for what happens in the background."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.02)
