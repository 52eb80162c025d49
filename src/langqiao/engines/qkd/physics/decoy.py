"""Decoy-state BB84 with infinitely long keys (诱骗态 BB84).

Equation numbers are those of X. Ma, B. Qi, Y. Zhao, H.-K. Lo, "Practical decoy state for quantum key
distribution", PRA 72, 012326 (2005), quant-ph/0503005.
"""

from __future__ import annotations

import math

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics.entropy import binary_entropy
from langqiao.engines.qkd.types import Channel, DecoyBounds, DecoyRate, Parameters

VACUUM_ERROR = 0.5
"""e₀: a background count is right half of the time."""


def transmittance(parameters: Parameters, km: float) -> float:
    """η = η_B · 10^(−αL/10) (Eqs. 4 to 6)."""
    return float(parameters.receiver_efficiency * 10 ** (-parameters.attenuation * km / 10))


def gain(
    parameters: Parameters, intensity: float, eta: float, channel: Channel = "ma"
) -> tuple[float, float]:
    """Detections and errors of a pulse of an intensity (Eqs. 10 and 11).

    Args:
        parameters: the equipment.
        intensity: mean photons a pulse.
        eta: transmittance of fibre and receiver.
        channel: ``ma`` drops the product of background and signal as Eq. 10 does, ``exact`` keeps it.

    Returns:
        Gain Q and error rate E.
    """
    arrived = -math.expm1(-eta * intensity)
    background = parameters.background
    detected = background + arrived - (background * arrived if channel == "exact" else 0.0)
    if detected <= 0.0:
        return 0.0, VACUUM_ERROR
    wrong = VACUUM_ERROR * background + parameters.misalignment * arrived
    return detected, wrong / detected


def single_photons(parameters: Parameters, eta: float, channel: Channel = "ma") -> tuple[float, float]:
    """Yield Y₁ and error e₁ of single photons, known exactly with infinitely many decoys (Eqs. 7 and 9)."""
    background = parameters.background
    detected = background + eta - (background * eta if channel == "exact" else 0.0)
    if detected <= 0.0:
        return 0.0, VACUUM_ERROR
    return detected, (VACUUM_ERROR * background + parameters.misalignment * eta) / detected


def bounds(
    intensities: tuple[float, float, float],
    gains: tuple[float, float, float],
    errors: tuple[float, float, float],
) -> DecoyBounds:
    """Bounds on single photons from a signal and two decoys (Eqs. 18, 21, 25, 34 and 35).

    Args:
        intensities: μ, ν₁, ν₂ with μ > ν₁ + ν₂ and ν₁ > ν₂ ≥ 0; ν₂ = 0 is vacuum and weak decoy.
        gains: Q of each.
        errors: E of each.

    Raises:
        QkdError: the intensities are not in that order.
    """
    signal, weak, weaker = intensities
    if not (0 <= weaker < weak and weak + weaker < signal):
        raise QkdError(
            "decoys must be weaker than the signal: 0 <= nu2 < nu1 and nu1 + nu2 < mu", kind="intensities"
        )
    q_signal, q_weak, q_weaker = (
        value * math.exp(level) for value, level in zip(gains, intensities, strict=True)
    )
    vacuum = max((weak * q_weaker - weaker * q_weak) / (weak - weaker), 0.0)
    squares = weak * weak - weaker * weaker
    y1 = (signal / (signal * weak - signal * weaker - squares)) * (
        q_weak - q_weaker - squares / (signal * signal) * (q_signal - vacuum)
    )
    if y1 <= 0.0:
        return DecoyBounds(0.0, VACUUM_ERROR, 0.0)
    e1 = (errors[1] * q_weak - errors[2] * q_weaker) / ((weak - weaker) * y1)
    return DecoyBounds(y1, min(max(e1, 0.0), VACUUM_ERROR), y1 * signal * math.exp(-signal))


def secret_fraction(
    parameters: Parameters, signal: tuple[float, float], single: tuple[float, float]
) -> float:
    """R = q{−Q_μ f H₂(E_μ) + Q₁[1 − H₂(e₁)]} (Eq. 1), below zero where there is no key.

    Args:
        parameters: the equipment; gives q and f.
        signal: Q_μ and E_μ.
        single: Q₁ and e₁.
    """
    correction = signal[0] * parameters.correction * binary_entropy(signal[1])
    return parameters.sifting * (single[0] * (1.0 - binary_entropy(single[1])) - correction)


def decoy_rate(parameters: Parameters, km: float, channel: Channel = "ma") -> DecoyRate:
    """Work out one span: bits a pulse with infinitely many decoys, and with vacuum and one weak decoy.

    Args:
        parameters: the equipment.
        km: length of the fibre.
        channel: see :data:`langqiao.engines.qkd.types.Channel`.

    Raises:
        QkdError: the parameters or the length are out of range.

    >>> from langqiao.engines.qkd.physics.sets import GYS
    >>> f"{decoy_rate(GYS, 50).rate_vacuum_weak:.4g}"
    '0.0002096'
    """
    check(parameters)
    check_length(km)
    eta, signal, found, asymptotic, weak = _terms(parameters, km, channel)
    return DecoyRate(
        km=km, transmittance=eta, gain=signal[0], error=signal[1], y1=found.y1, e1=found.e1, q1=found.q1,
        rate_asymptotic=max(asymptotic, 0.0), rate_vacuum_weak=max(weak, 0.0),
    )  # fmt: skip


def reach(parameters: Parameters, *, asymptotic: bool = False, channel: Channel = "ma") -> float:
    """Length in km at which the rate falls to zero (最大成码距离), 0 where there is none at all.

    Found by bisection to 1 µm of fibre; the bound with vacuum and weak decoy unless ``asymptotic``.
    """
    check(parameters)

    def has_key(km: float) -> bool:
        _eta, _signal, _found, ideal, weak = _terms(parameters, km, channel)
        return (ideal if asymptotic else weak) > 0.0

    low, high = 0.0, 1.0
    if not has_key(0.0):
        return 0.0
    while has_key(high):
        low, high = high, high * 2
        if high > 5_000:  # a receiver without background has no end but that of floating point
            return math.inf
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if has_key(middle) else (low, middle)
    return low


def check(parameters: Parameters) -> None:
    """Refuse parameters that no equipment can have."""
    ranges = (
        ("attenuation", 0.0, 100.0),
        ("receiver_efficiency", 0.0, 1.0),
        ("background", 0.0, 1.0),
        ("misalignment", 0.0, 0.5),
        ("correction", 1.0, 10.0),
        ("signal", 0.0, 10.0),
        ("decoy", 0.0, 10.0),
        ("sifting", 0.0, 1.0),
        ("clock_hz", 0.0, 1e13),
    )
    for name, least, most in ranges:
        value = getattr(parameters, name)
        if not (isinstance(value, int | float) and least <= value <= most):
            raise QkdError(
                f"{parameters.name}: {name} must be from {least:g} to {most:g}, not {value!r}",
                kind="parameter", subjects=(name,),
            )  # fmt: skip
    if not 0 < parameters.decoy < parameters.signal:
        raise QkdError(
            f"{parameters.name}: the decoy must be weaker than the signal and not vacuum",
            kind="intensities", subjects=("signal", "decoy"),
        )  # fmt: skip
    if not 2 <= parameters.slices <= 1024:
        raise QkdError(
            f"{parameters.name}: slices must be from 2 to 1024", kind="parameter", subjects=("slices",)
        )


def check_length(km: float) -> None:
    """Refuse a length that is not a number from 0 to 20,000 km."""
    if not (math.isfinite(km) and 0 <= km <= 20_000):
        raise QkdError(f"a length must be from 0 to 20,000 km, not {km!r}", kind="length")


_Terms = tuple[float, tuple[float, float], DecoyBounds, float, float]


def _terms(parameters: Parameters, km: float, channel: Channel) -> _Terms:
    """η, (Q_μ, E_μ), bounds, and both rates before they are cut at zero."""
    eta = transmittance(parameters, km)
    signal = gain(parameters, parameters.signal, eta, channel)
    weak = gain(parameters, parameters.decoy, eta, channel)
    found = bounds(
        (parameters.signal, parameters.decoy, 0.0),
        (signal[0], weak[0], parameters.background),
        (signal[1], weak[1], VACUUM_ERROR),
    )
    y1, e1 = single_photons(parameters, eta, channel)
    ideal = (y1 * parameters.signal * math.exp(-parameters.signal), e1)
    asymptotic = secret_fraction(parameters, signal, ideal)
    return eta, signal, found, asymptotic, secret_fraction(parameters, signal, (found.q1, found.e1))
