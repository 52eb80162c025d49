"""All that is known of one span, as plain values (成码率报告)."""

from __future__ import annotations

from langqiao.engines.qkd.physics.decoy import decoy_rate, reach
from langqiao.engines.qkd.physics.finite import finite_key
from langqiao.engines.qkd.physics.twin import twin_rate
from langqiao.engines.qkd.types import Block, Parameters

INPUTS = (
    "attenuation", "receiver_efficiency", "background", "misalignment", "correction", "signal", "decoy",
    "sifting", "clock_hz", "slices",
)  # fmt: skip


def rate_report(parameters: Parameters, km: float, *, pulses: float | None = None) -> dict[str, object]:
    """Rates in bits a pulse, with every input and whether it is published or assumed.

    Args:
        parameters: the equipment.
        km: length of the fibre.
        pulses: size of a block for the finite key, which is left out otherwise.

    Returns:
        For decoy-state BB84 ``y1``, ``e1``, ``q1``, ``rate_asymptotic``, ``rate_vacuum_weak``, ``reach_km``
        and, with ``pulses``, ``rate_finite`` and ``key_bits``; for ``pm`` ``phase_error`` and
        ``rate_twin_field``; ``bits_per_second`` where the equipment has a clock.

    Raises:
        QkdError: an argument is out of range.
    """
    values: dict[str, object] = {
        "parameters": parameters.name,
        "protocol": parameters.protocol,
        "km": km,
        "unit": "bit/pulse",
    }
    if parameters.protocol == "pm":
        twin = twin_rate(parameters, km)
        best = twin.rate
        values |= {
            "transmittance": twin.transmittance, "gain": twin.gain, "qber": twin.error,
            "phase_error": twin.phase_error, "rate_twin_field": twin.rate,
        }  # fmt: skip
    else:
        found = decoy_rate(parameters, km)
        best = found.rate_vacuum_weak
        values |= {
            "transmittance": found.transmittance, "gain": found.gain, "qber": found.error, "y1": found.y1,
            "e1": found.e1, "q1": found.q1, "rate_asymptotic": found.rate_asymptotic,
            "rate_vacuum_weak": found.rate_vacuum_weak, "reach_km": reach(parameters),
        }  # fmt: skip
        if pulses is not None:
            block = finite_key(parameters, km, Block(pulses))
            best = block.rate
            values |= {"pulses": pulses, "rate_finite": block.rate, "key_bits": int(block.length)}
    if parameters.clock_hz:
        values["bits_per_second"] = parameters.clock_hz * best
    values["inputs"] = {
        name: {
            "value": getattr(parameters, name),
            **(
                {"status": mark.status, "source": mark.source} if (mark := parameters.marks.get(name)) else {}
            ),
        }
        for name in INPUTS
        if name != "slices" or parameters.protocol == "pm"
    }
    return values
