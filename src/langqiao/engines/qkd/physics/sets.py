"""Sets of equipment by name (设备参数组).

``gys`` are the figures of C. Gobby, Z. L. Yuan, A. J. Shields, Appl. Phys. Lett. 84, 3762 (2004) as Ma et al.
(PRA 72, 012326) use them. ``illustration-40mhz`` and ``illustration-625mhz`` are the two sets of the
nine-city illustration, ``illustration-twin`` stands for twin-field equipment; all three are assumed
throughout.
"""

from __future__ import annotations

from collections.abc import Mapping

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.types import Mark, Parameters

_MA = Mark("published", "Ma, Qi, Zhao, Lo, PRA 72, 012326 (2005), experiment of Gobby, Yuan, Shields (2004)")
_CHOSEN = Mark("assumed", "chosen for the reference table; not checked against the paper")
_PROTOCOL = Mark("published", "BB84 with both bases chosen alike: q = 1/2")
_ILLUSTRATION = Mark("assumed", "illustration of the nine cities; no equipment of the corridor is described")

GYS = Parameters(
    name="gys",
    attenuation=0.21,
    receiver_efficiency=0.045,
    background=1.7e-6,
    misalignment=0.033,
    correction=1.22,
    signal=0.48,
    decoy=0.05,
    marks={
        "attenuation": _MA,
        "receiver_efficiency": _MA,
        "background": _MA,
        "misalignment": _CHOSEN,
        "correction": _CHOSEN,
        "signal": _CHOSEN,
        "decoy": _CHOSEN,
        "sifting": _PROTOCOL,
    },
)


def _illustration(name: str, *, clock_hz: float, detector: float) -> Parameters:
    loss_db = 3.0
    fields = (
        "attenuation", "receiver_efficiency", "background", "misalignment", "correction", "signal", "decoy",
        "clock_hz",
    )  # fmt: skip
    return Parameters(
        name=name,
        attenuation=0.2,
        receiver_efficiency=detector * 10 ** (-loss_db / 10),
        background=2e-6,
        misalignment=0.01,
        correction=1.2,
        signal=0.6,
        decoy=0.2,
        clock_hz=clock_hz,
        marks=dict.fromkeys(fields, _ILLUSTRATION) | {"sifting": _PROTOCOL},
    )


TWIN = Parameters(
    name="illustration-twin",
    attenuation=0.17,
    receiver_efficiency=0.5,
    background=1e-9,
    misalignment=0.03,
    correction=1.1,
    signal=0.1,
    decoy=0.02,
    sifting=1.0,
    clock_hz=1e9,
    protocol="pm",
    marks=dict.fromkeys(
        ("attenuation", "receiver_efficiency", "background", "misalignment", "correction", "signal", "decoy",
         "sifting", "clock_hz", "slices"),
        Mark("assumed", "illustration of twin-field equipment; no experiment is described"),
    ),
)  # fmt: skip

SETS: Mapping[str, Parameters] = {
    one.name: one
    for one in (
        GYS,
        _illustration("illustration-40mhz", clock_hz=40e6, detector=0.1),
        _illustration("illustration-625mhz", clock_hz=625e6, detector=0.2),
        TWIN,
    )
}
"""Every set that can be named on the command line."""


def named(name: str) -> Parameters:
    """The set of a name.

    Raises:
        QkdError: there is none; the message lists those there are.
    """
    found = SETS.get(name.strip().lower())
    if found is None:
        raise QkdError(
            f"there are no parameters named {name!r}; there are {', '.join(SETS)}",
            kind="parameters", subjects=(name,),
        )  # fmt: skip
    return found
