"""Compile a gettext catalogue (.po → .mo) without needing the gettext tools on the machine."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def main(source: str, target: str) -> None:
    """Write ``target`` (.mo) from ``source`` (.po); stale fuzzy entries are left out."""
    with Path(source).open("rb") as file:
        catalogue = read_po(file)
    with Path(target).open("wb") as file:
        write_mo(file, catalogue)


if __name__ == "__main__":
    main(*sys.argv[1:])
