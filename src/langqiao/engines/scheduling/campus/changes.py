"""What-ifs as the short texts of a command, an address or a form: ``2=6``, ``1/A=20``, ``x=64@2027-03``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from langqiao.engines.scheduling.campus.months import read_month
from langqiao.engines.scheduling.campus.types import Changes, Demand
from langqiao.engines.scheduling.errors import SchedulingError

CHANGES_AT_MOST = 50
_SLIP = re.compile(r"(.+)=([0-9]{1,3})", re.ASCII)
_DERATING = re.compile(r"(.+/.*)=([0-9]{1,3}(?:\.[0-9]{1,3})?)", re.ASCII)
_ARRIVAL = re.compile(r"(.+)=([0-9]{1,9})@([0-9-]{7,10})(?:\.\.([0-9-]{7,10}))?", re.ASCII)


def read_changes(
    *, slips: Iterable[str] = (), deratings: Iterable[str] = (), arrivals: Iterable[str] = ()
) -> Changes:
    """What-ifs from their texts.

    Args:
        slips: ``BUILDING=MONTHS``, such as ``2=6``.
        deratings: ``BUILDING/HALL=PER CENT``, such as ``1/A=20``.
        arrivals: ``NAME=GPUS@MONTH``, such as ``x=64@2027-03``, with ``..2027-12`` for a last month.

    Raises:
        SchedulingError: a text is malformed (``kind`` is ``change``), or there are more than 50 of a sort.
    """
    texts = {"slip": list(slips), "derate": list(deratings), "tenant": list(arrivals)}
    for sort, given in texts.items():
        if len(given) > CHANGES_AT_MOST:
            raise SchedulingError(
                f"at most {CHANGES_AT_MOST} of {sort}", kind="changes", subjects=(sort, str(CHANGES_AT_MOST))
            )
    late, derated = {}, {}
    for text in texts["slip"]:
        name, number = _parts(_SLIP, text, "BUILDING=MONTHS")[:2]
        late[name] = int(number)
    for text in texts["derate"]:
        name, number = _parts(_DERATING, text, "BUILDING/HALL=PERCENT")[:2]
        derated[name] = float(number)
    return Changes(late, derated, tuple(_arrival(text) for text in texts["tenant"]))


def _arrival(text: str) -> Demand:
    name, gpus, first, last = _parts(_ARRIVAL, text, "NAME=GPUS@YYYY-MM")
    demand = Demand(name, int(gpus), read_month(first), read_month(last) if last else None)
    if demand.last is not None and demand.last < demand.first:
        raise _refused(text, "NAME=GPUS@YYYY-MM..YYYY-MM, the last month not before the first")
    return demand


def _parts(pattern: re.Pattern[str], text: str, layout: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text.strip()[:200])
    if found is None:
        raise _refused(text, layout)
    return tuple(part.strip() if part else "" for part in found.groups())


def _refused(text: str, layout: str) -> SchedulingError:
    return SchedulingError(f"{text[:60]!r}: write {layout}", kind="change", subjects=(text[:60], layout))
