"""``python -m langqiao.kme --config FILE``: one KME, without the rest of the command line (starts sooner)."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from langqiao.kme.config import load_config
from langqiao.kme.errors import KmeError
from langqiao.kme.server import GROUP, main


def run(arguments: list[str] | None = None) -> int:
    """Serve one KME until a signal; 0 afterwards, 1 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m langqiao.kme", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="configuration of the KME")
    parser.add_argument("--group", type=int, default=GROUP, help="operations a commit takes at most")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        main(load_config(chosen.config), group=chosen.group)
    except (KmeError, OSError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run())
