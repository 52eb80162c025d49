"""One KME process: store, sources, HTTPS server, until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from langqiao.kme.app import Face
from langqiao.kme.config import Config
from langqiao.kme.errors import KmeError
from langqiao.kme.feeder import Feeder
from langqiao.kme.guard import Guard
from langqiao.kme.metrics import Metrics
from langqiao.kme.relay.face import RelayFace
from langqiao.kme.relay.relay import Relay
from langqiao.kme.routing import Router
from langqiao.kme.service import Service, pools_of
from langqiao.kme.store import Store
from langqiao.kme.tls import server_context

log = logging.getLogger("langqiao.kme")

HANDSHAKE_SECONDS: Final = 10.0
GROUP: Final = 256


@dataclass
class Running:
    """A KME that serves: its port (of use where the configuration says 0), service and health port."""

    port: int
    service: Service
    metrics: Metrics
    health_port: int | None


def harden() -> None:
    """Switch core dumps off: a core file would hold keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@asynccontextmanager
async def running(config: Config, *, group: int = GROUP) -> AsyncIterator[Running]:
    """Serve inside the block.

    Args:
        config: the KME.
        group: operations a commit takes at most; 1 is the plain version of benchmarks.

    Raises:
        KmeError: the host, the store, a source or a certificate cannot be used.
        OSError: the port is taken.
    """
    context = server_context(config)
    store = Store(config.store, config.master_key(), pools_of(config), group=group)
    try:
        metrics = Metrics(config, store)
        service = Service(config, store)
        feeder = Feeder(config, store, metrics)
        relay = Relay(config, store, metrics)
        service.relay, service.fresh = relay, feeder.fresh
        faces = Face(service, metrics).routes(), RelayFace(config, relay).routes()
        router = Router(metrics, *faces, body_limit=config.body_limit)
        http = router.server(keepalive_timeout=75.0)
        runner = web.ServerRunner(http, shutdown_timeout=5.0)
        await runner.setup()
        guard = Guard(http, config.request_timeout)
        server = await _listen(config, guard, context)
        port = server.sockets[0].getsockname()[1]
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(guard.end, runner, server)
            health_port = await _serve_health(config, metrics, stack)
            work = [asyncio.create_task(task) for task in (feeder.run(), relay.run())]
            stack.push_async_callback(_end, work)
            stack.push_async_callback(_stop_listening, server)
            yield Running(port, service, metrics, health_port)
    finally:
        await store.idle()
        store.close()


async def _listen(config: Config, guard: Guard, context: ssl.SSLContext) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            guard.protocol,
            config.host,
            config.port,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            backlog=512,
        )
    except socket.gaierror as error:
        raise KmeError(
            f"{config.path}, [kme]: host {config.host!r} leads nowhere ({error.strerror}): write an address"
            " of this machine, or its name",
            kind="config",
        ) from error


async def _stop_listening(server: asyncio.Server) -> None:
    """Accept nobody any more. Who was accepted just now gets its transport first: asyncio would lose it."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    server.close()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(found, Exception):
            log.error("task ended kind=%s", type(found).__name__)


async def _serve_health(config: Config, metrics: Metrics, stack: contextlib.AsyncExitStack) -> int | None:
    """Serve ``/health`` and ``/metrics`` on 127.0.0.1 where a port is configured."""
    if config.health_port is None:
        return None

    async def health(_request: web.Request) -> web.Response:
        return web.json_response(metrics.health())

    async def prometheus(_request: web.Request) -> web.Response:
        return web.Response(text=metrics.prometheus())

    app = web.Application()
    app.add_routes([web.get("/health", health), web.get("/metrics", prometheus)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", config.health_port)
    await site.start()
    port: int = runner.addresses[0][1]
    return port


async def serve(config: Config, *, group: int = GROUP) -> None:
    """Serve until SIGTERM or SIGINT; print one line when ready.

    Raises:
        KmeError: the host, the store, a source or a certificate cannot be used.
        OSError: the port is taken.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with running(config, group=group) as here:
        health = f" health http://127.0.0.1:{here.health_port}/health" if here.health_port else ""
        sys.stdout.write(f"{config.id} https://{config.host}:{here.port}{health}\n")
        sys.stdout.flush()
        await ended.wait()


def main(config: Config, *, group: int = GROUP) -> None:
    """Run one KME in this process.

    Raises:
        KmeError: the host, the store, a source or a certificate cannot be used.
        OSError: the port is taken.
    """
    harden()
    asyncio.run(serve(config, group=group))
