"""The production server: gunicorn with threads, started by ``langqiao serve``."""

from __future__ import annotations

import threading

from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with settings from arguments instead of a file."""

    def __init__(self, options: dict[str, object]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        from langqiao.web.wsgi import application

        return application


def _warm_engines() -> None:
    """Read or compile the kernels that pages need, so that no visitor waits for them."""
    from langqiao.engines.chains.arrays import warm as warm_chains
    from langqiao.engines.selection.choice.solver import warm as warm_choice

    warm_chains()
    warm_choice()


def _started(_worker: object) -> None:
    """Warm a worker beside its first answers."""
    threading.Thread(target=_warm_engines, name="warm-engines", daemon=True).start()


def run(host: str, port: int, workers: int) -> None:
    """Serve until interrupted."""
    _Server(
        {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": 4,
            "worker_class": "gthread",
            "timeout": 120,
            "accesslog": None,
            "loglevel": "warning",
            "post_worker_init": _started,
        }
    ).run()
