"""What the rate of one span is worked out from, and what comes out.

Lengths in km, attenuation in dB/km, intensities in mean photons a pulse, rates in bits a pulse unless a name
says bits a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["published", "assumed"]
"""Where a figure comes from (数据状态): a source says it (已公布), or it is assumed (假设)."""

Channel = Literal["ma", "exact"]
"""How yields are summed: Ma et al.'s Eq. 10 without the cross term, or their Eq. 7 summed whole."""

Protocol = Literal["decoy-bb84", "pm"]
"""Decoy-state BB84 (诱骗态 BB84), or phase matching, a form of twin-field QKD (双场)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether an input is published or assumed, and who says so."""

    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """A set of equipment (设备参数组) for one span.

    Attributes:
        name: short name, such as ``gys``.
        attenuation: α of the fibre, dB/km (光纤衰减).
        receiver_efficiency: η_B, receiver transmittance times detector efficiency (接收端效率).
        background: Y₀, background and dark counts a pulse (暗计数率).
        misalignment: e_d, errors of a photon that arrived (对准误差).
        correction: f ≥ 1, cost of error correction over the Shannon limit (纠错效率).
        signal: μ, intensity of signal pulses (信号态强度).
        decoy: ν < μ, intensity of weak decoy pulses (诱骗态强度).
        sifting: q, share of pulses whose bases agree (基矢比对因子).
        clock_hz: pulses a second (重复频率); 0 where only rates a pulse are asked for.
        protocol: which protocol the equipment runs.
        slices: number M of phase slices, for ``pm`` (相位分片数).
        marks: field name to whether it is published or assumed.
    """

    name: str
    attenuation: float
    receiver_efficiency: float
    background: float
    misalignment: float
    correction: float
    signal: float
    decoy: float
    sifting: float = 0.5
    clock_hz: float = 0.0
    protocol: Protocol = "decoy-bb84"
    slices: int = 16
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecoyBounds:
    """What decoys say of single photons: least yield y1, greatest error e1, least gain q1."""

    y1: float
    e1: float
    q1: float


@dataclass(frozen=True, slots=True)
class DecoyRate:
    """The rate of decoy-state BB84 over one span.

    Attributes:
        km: length of the fibre.
        transmittance: η, of fibre and receiver.
        gain: Q_μ, detections a signal pulse.
        error: E_μ, the quantum bit error rate (误码率).
        y1, e1, q1: bounds from vacuum and weak decoys.
        rate_asymptotic: bits a pulse with infinitely many decoys.
        rate_vacuum_weak: bits a pulse with vacuum and one weak decoy.
    """

    km: float
    transmittance: float
    gain: float
    error: float
    y1: float
    e1: float
    q1: float
    rate_asymptotic: float
    rate_vacuum_weak: float


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a finite-key run (有限码长).

    Attributes:
        pulses: pulses sent, N.
        shares: probabilities of signal, weak decoy and vacuum; they sum to 1.
        key_basis: probability with which each side chooses the key basis.
        secrecy: ε_sec, greatest failure of secrecy.
        correctness: ε_cor, greatest probability that the two keys differ.
    """

    pulses: float
    shares: tuple[float, float, float] = (0.7, 0.2, 0.1)
    key_basis: float = 0.9
    secrecy: float = 1e-10
    correctness: float = 1e-15


@dataclass(frozen=True, slots=True)
class FiniteKey:
    """The key of one block.

    Attributes:
        length: secret bits, 0 where none can be distilled.
        rate: secret bits a pulse sent.
        vacuum: s₀, least vacuum detections in the key basis.
        single: s₁, least single-photon detections in the key basis.
        phase_error: greatest phase error of those single photons.
        sifted: detections in the key basis.
        error: error rate of the sifted key.
    """

    length: float
    rate: float
    vacuum: float
    single: float
    phase_error: float
    sifted: float
    error: float


@dataclass(frozen=True, slots=True)
class TwinRate:
    """The rate of phase-matching QKD over one span with an untrusted middle station.

    ``gain`` is Q_μ, ``error`` the bit error, ``phase_error`` the bound on the phase error, ``rate`` bits a
    pulse pair.
    """

    km: float
    transmittance: float
    gain: float
    error: float
    phase_error: float
    rate: float
