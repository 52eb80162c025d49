"""Extensions of Get key that this KME handles (ETSI GS QKD 014, 6.2): names begin with ``langqiao_``.

* ``langqiao_route_type``: ``"direct"``: only keys of a quantum link between the two KMEs, never relayed ones;
  ``"any"``: no wish.
* ``langqiao_max_age``: milliseconds; no key that has been in the store for longer.

Asked under ``extension_mandatory`` they are met or the request is refused. Under ``extension_optional`` they
are met where that is possible, and ignored where not. Names that are not known are refused as mandatory ones
and ignored as optional ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from langqiao.kme.errors import MANDATORY_UNMET, MANDATORY_UNSUPPORTED, bad_request
from langqiao.kme.messages import KeyRequest

ROUTE: Final = "langqiao_route_type"
MAX_AGE: Final = "langqiao_max_age"
SUPPORTED: Final = (ROUTE, MAX_AGE)
_LONGEST: Final = 10**12


@dataclass(frozen=True)
class Wishes:
    """What a request asks for; ``None``: nothing. Ages in milliseconds."""

    direct: bool = False
    direct_optional: bool = False
    max_age: int | None = None
    max_age_optional: int | None = None


_NONE: Final = Wishes()


def wishes(request: KeyRequest) -> Wishes:
    """Read the extensions of a request.

    Raises:
        Refusal: 400; a mandatory name is unknown, or its value is none that could be met.
    """
    if not request.mandatory and not request.optional:
        return _NONE
    if unknown := [name for name, _ in request.mandatory if name not in SUPPORTED]:
        raise bad_request(MANDATORY_UNSUPPORTED, unsupported=unknown, supported=list(SUPPORTED))
    direct, age = _read(dict(request.mandatory), strict=True)
    direct_optional, age_optional = _read(dict(request.optional), strict=False)
    return Wishes(direct, direct_optional and not direct, age, age_optional)


def _read(values: dict[str, Any], *, strict: bool) -> tuple[bool, int | None]:
    route, age = values.get(ROUTE, "any"), values.get(MAX_AGE)
    if route not in ("direct", "any"):
        if strict:
            raise bad_request(MANDATORY_UNMET, parameter=ROUTE, values=["direct", "any"])
        route = "any"
    if MAX_AGE in values and (type(age) is not int or not 0 < age <= _LONGEST):
        if strict:
            raise bad_request(MANDATORY_UNMET, parameter=MAX_AGE, unit="ms")
        age = None
    return route == "direct", age
