"""Phase-matching QKD (相位匹配, a form of twin-field QKD 双场) with infinitely long keys.

X. Ma, P. Zeng, H. Zhou, "Phase-matching quantum key distribution", PRX 8, 031043 (2018): an untrusted station
in the middle, two detectors, phase post-compensation in M slices, and phase errors bounded by the even photon
numbers. Both intensities together are μ, so each side sends μ/2. Two things are ours: the error e_δ of phases
that differ within a slice is averaged exactly, and the equipment's misalignment is added to it.
"""

from __future__ import annotations

import math

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics.decoy import check, check_length
from langqiao.engines.qkd.physics.entropy import binary_entropy
from langqiao.engines.qkd.types import Parameters, TwinRate

PHOTONS_AT_MOST = 40
"""Photon numbers that are summed; the weight beyond counts as phase error, so the bound stays a bound."""


def twin_rate(parameters: Parameters, km: float) -> TwinRate:
    """Work out one span of phase-matching QKD.

    R = (2/M) Q_μ [1 − f H(E_Z) − H(E_X)] with η = η_B · 10^(−αL/20), the transmittance of one half,
    Q_μ = 1 − (1 − 2p_d) e^(−ημ), Y_k = 1 − (1 − 2p_d)(1 − η)^k,
    E_Z = (p_d + ημ e_δ) e^(−ημ)/Q_μ, and E_X ≤ q₀e₀ + Σ q_{2k+1}e_{2k+1} + (1 − q₀ − Σ q_{2k+1}),
    where q_k = Y_k μ^k e^(−μ)/(k! Q_μ).

    Args:
        parameters: the equipment; ``background`` is p_d of one detector, ``misalignment`` e_d, ``slices`` M,
            ``signal`` μ.
        km: fibre from end to end.

    Raises:
        QkdError: the parameters or the length are out of range.
    """
    check(parameters)
    check_length(km)
    if parameters.background >= 0.5:
        raise QkdError("two detectors cannot count more than once a pulse", kind="parameter")
    return _rate(parameters, km)


def _rate(parameters: Parameters, km: float) -> TwinRate:
    eta = parameters.receiver_efficiency * 10 ** (-parameters.attenuation * km / 20)
    level, dark = parameters.signal, parameters.background
    seen = math.exp(-eta * level)
    gain = 1.0 - (1.0 - 2.0 * dark) * seen
    if gain <= 0.0:
        return TwinRate(km, eta, 0.0, 0.5, 0.5, 0.0)
    apart = _slice_error(parameters.slices) + parameters.misalignment
    error = min((dark + eta * level * apart) * seen / gain, 0.5)
    phase = _phase_error(parameters, eta, gain, apart)
    share = 1.0 - parameters.correction * binary_entropy(error) - binary_entropy(phase)
    return TwinRate(km, eta, gain, error, phase, max(2.0 / parameters.slices * gain * share, 0.0))


def _slice_error(slices: int) -> float:
    """Mean of sin²(Δ/2) over two phases, each anywhere in its slice: (1 − (sin(π/M)/(π/M))²)/2."""
    angle = math.pi / slices
    return (1.0 - (math.sin(angle) / angle) ** 2) / 2.0


def _phase_error(parameters: Parameters, eta: float, gain: float, apart: float) -> float:
    """E_X: vacuum errs half of the time, odd photon numbers as their bits do, even ones always."""
    level, dark = parameters.signal, parameters.background
    weight = math.exp(-level)
    passed = 1.0  # (1 - eta)^k
    known, wrong = 0.0, 0.0
    for photons in range(PHOTONS_AT_MOST + 1):
        if photons:
            weight *= level / photons
            passed *= 1.0 - eta
        if photons and photons % 2 == 0:
            continue
        share = (1.0 - (1.0 - 2.0 * dark) * passed) * weight / gain
        known += share
        wrong += (dark * passed + apart * (1.0 - passed)) * weight / gain
    return min(wrong + max(1.0 - known, 0.0), 0.5)
