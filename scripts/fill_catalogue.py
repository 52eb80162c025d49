"""Put translations from JSON files ({Chinese: English}) into the English catalogue, where none stands yet."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.pofile import read_po, write_po

CATALOGUE = Path(__file__).parents[1] / "src" / "langqiao" / "locale" / "en" / "LC_MESSAGES" / "django.po"


def main(paths: list[str]) -> None:
    """Fill and say what is still missing."""
    known: dict[str, str | list[str]] = {}
    for path in paths:
        known |= json.loads(Path(path).read_text("utf-8"))
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    missing = []
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        if message.context:  # as gettext itself joins them
            key = f"{message.context}\x04{key}"
        empty = not message.string or (not isinstance(message.string, str) and not all(message.string))
        if not key or not (empty or message.fuzzy):
            continue
        if key in known:
            english = known[key]
            plural = not isinstance(message.id, str)
            if plural and isinstance(english, str):
                english = [english, english]
            message.string = tuple(english) if plural else english if isinstance(english, str) else english[0]
            message.flags.discard("fuzzy")
        else:
            missing.append(message.id)
    catalogue.header_comment = "# English texts of 廊桥 Langqiao. Apache-2.0."
    catalogue.project, catalogue.version, catalogue.fuzzy = "langqiao", "0.1", False
    # Fixed dates: a new collection without new texts is no change.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 11, 23, tzinfo=UTC)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=False)
    print(json.dumps(missing, ensure_ascii=False, indent=0))


if __name__ == "__main__":
    main(sys.argv[1:])
