"""The demo of alliances and parks: what is published with its sources; members, parks and all else 示例.

Call it after ``corridor_demo.load``: the illustrative organisations and users are that one's. Everything goes
through the domain's verbs; loading twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from langqiao.cli.alliances_demo.alliance import play
from langqiao.cli.alliances_demo.parks import load_parks
from langqiao.engines.matching.types import Progress

STAGE = "alliances"


def load(*, progress: Callable[[Progress], None]) -> None:
    """Load the tree, play the illustrative alliance, load the parks.

    Raises:
        Refused: a record is wrong; the message names it.
    """
    stages = (play, load_parks)
    for done, stage in enumerate(stages):
        progress(Progress(STAGE, done, len(stages)))
        with transaction.atomic():
            stage()
    progress(Progress(STAGE, len(stages), len(stages)))
