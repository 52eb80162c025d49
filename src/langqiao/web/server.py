"""The production server: gunicorn with threads, started by ``langqiao serve``."""

from __future__ import annotations

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
        }
    ).run()
