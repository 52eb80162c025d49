"""Decoy-state BB84 with keys of finite length (有限码长).

C. C. W. Lim, M. Curty, N. Walenta, F. Xu, H. Zbinden, "Concise security bounds for practical decoy-state
quantum key distribution", PRA 89, 022307 (2014), Eqs. 1 to 5. The paper's X is the key basis here and its Z
the test basis. D. Tupkary et al. (arXiv:2502.10340) note that Eq. 5 goes through a Taylor step and is
therefore an estimate close to a bound rather than a proven one; that holds for every length worked out here.
"""

from __future__ import annotations

import math

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics.decoy import VACUUM_ERROR, check, check_length, gain, transmittance
from langqiao.engines.qkd.physics.entropy import binary_entropy
from langqiao.engines.qkd.types import Block, Channel, FiniteKey, Parameters

BOUNDS = 21
"""Estimates that may fail: each is taken at ε_sec/21 (the paper's Eq. B5 and after)."""

Triple = tuple[float, float, float]


def finite_key(parameters: Parameters, km: float, block: Block, channel: Channel = "ma") -> FiniteKey:
    """The key that a typical block yields, in whole bits: expected counts are put into the bounds.

    Args:
        parameters: the equipment; signal, decoy and vacuum are the three intensities. ``sifting`` is not
            used: the bases are chosen with the block's own probability.
        km: length of the fibre.
        block: its size and what may fail.
        channel: see :data:`langqiao.engines.qkd.types.Channel`.

    Raises:
        QkdError: an argument is out of range.
    """
    check(parameters)
    check_length(km)
    check_block(block)
    eta = transmittance(parameters, km)
    seen = (
        gain(parameters, parameters.signal, eta, channel),
        gain(parameters, parameters.decoy, eta, channel),
        (parameters.background, VACUUM_ERROR),
    )
    sent = [block.pulses * share * one[0] for share, one in zip(block.shares, seen, strict=True)]
    wrong = [count * one[1] for count, one in zip(sent, seen, strict=True)]
    key, test = block.key_basis**2, (1.0 - block.key_basis) ** 2
    return from_counts(
        parameters,
        block,
        key=_triple([count * key for count in sent]),
        key_errors=_triple([count * key for count in wrong]),
        test=_triple([count * test for count in sent]),
        test_errors=_triple([count * test for count in wrong]),
    )


def from_counts(
    parameters: Parameters,
    block: Block,
    *,
    key: Triple,
    key_errors: Triple,
    test: Triple,
    test_errors: Triple,
) -> FiniteKey:
    """The key of a block from what was counted, by intensity: signal, decoy, vacuum (Eq. 1).

    Args:
        parameters: the equipment; gives intensities and f.
        block: its size and what may fail.
        key: detections in the key basis.
        key_errors: bit errors in the key basis.
        test: detections in the test basis.
        test_errors: bit errors in the test basis.
    """
    levels = (parameters.signal, parameters.decoy, 0.0)
    vacuum, single = counts(levels, block, key)
    _vacuum, tested = counts(levels, block, test)
    phase = phase_error(errors(levels, block, test_errors), tested, single, block.secrecy)
    sifted = sum(key)
    error = min(sum(key_errors) / sifted, 0.5) if sifted > 0 else 0.5
    length = (
        vacuum
        + single * (1.0 - binary_entropy(phase))
        - sifted * parameters.correction * binary_entropy(error)
        - 6 * math.log2(BOUNDS / block.secrecy)
        - math.log2(2 / block.correctness)
    )
    if single <= 0:
        length = 0.0
    length = float(math.floor(max(length, 0.0)))
    return FiniteKey(length, length / block.pulses, vacuum, single, phase, sifted, error)


def counts(levels: Triple, block: Block, seen: Triple) -> tuple[float, float]:
    """Least vacuum and single-photon detections of one basis (Eqs. 2 and 3).

    Args:
        levels: intensities μ₁ > μ₂ > μ₃ with μ₁ > μ₂ + μ₃.
        block: gives the shares and ε_sec.
        seen: detections by intensity.
    """
    strong, weak, weakest = levels
    low, high = _spread(levels, block, seen)
    vacuum = max(_poisson(levels, block, 0) * (weak * low[2] - weakest * high[1]) / (weak - weakest), 0.0)
    squares = weak * weak - weakest * weakest
    none = _poisson(levels, block, 0)
    single = (
        _poisson(levels, block, 1)
        * strong
        * (low[1] - high[2] - squares / (strong * strong) * (high[0] - vacuum / none))
        / (strong * (weak - weakest) - squares)
    )
    return vacuum, max(single, 0.0)


def errors(levels: Triple, block: Block, seen: Triple) -> float:
    """Most single-photon detections of one basis that were errors (Eq. 4)."""
    low, high = _spread(levels, block, seen)
    return max(_poisson(levels, block, 1) * (high[1] - low[2]) / (levels[1] - levels[2]), 0.0)


def phase_error(wrong: float, tested: float, single: float, secrecy: float) -> float:
    """Most phase errors among single photons of the key basis, by sampling without replacement (Eq. 5).

    Args:
        wrong: single-photon errors in the test basis.
        tested: single photons in the test basis.
        single: single photons in the key basis.
        secrecy: ε_sec.
    """
    if tested <= 0 or single <= 0:
        return 0.5
    share = wrong / tested
    if share >= 0.5:
        return 0.5
    if share <= 0:
        return 0.0
    both = (tested + single) / (tested * single)
    spread = share * (1.0 - share)
    inside = both / spread * (BOUNDS / secrecy) ** 2
    if inside <= 1:
        return share
    return min(share + math.sqrt(both * spread / math.log(2) * math.log2(inside)), 0.5)


def check_block(block: Block) -> None:
    """Refuse a block that cannot be sent."""
    shares = block.shares
    if not (1 <= block.pulses <= 1e18):
        raise QkdError("a block has from 1 to 10^18 pulses", kind="block", subjects=("pulses",))
    if len(shares) != 3 or any(not 0 < one < 1 for one in shares) or abs(sum(shares) - 1) > 1e-9:
        raise QkdError(
            "the shares of signal, decoy and vacuum are above 0 and sum to 1",
            kind="block",
            subjects=("shares",),
        )
    if not 0 < block.key_basis < 1:
        raise QkdError(
            "the key basis is chosen with a probability in (0, 1)", kind="block", subjects=("key_basis",)
        )
    if not (0 < block.secrecy < 1 and 0 < block.correctness < 1):
        raise QkdError("the failures are probabilities in (0, 1)", kind="block", subjects=("secrecy",))


def _spread(levels: Triple, block: Block, seen: Triple) -> tuple[Triple, Triple]:
    """n⁻ and n⁺: counts over their probability of being sent, down and up by Hoeffding's bound."""
    away = math.sqrt(sum(seen) / 2 * math.log(BOUNDS / block.secrecy))
    weight = [math.exp(level) / share for level, share in zip(levels, block.shares, strict=True)]
    low = [each * (count - away) for each, count in zip(weight, seen, strict=True)]
    high = [each * (count + away) for each, count in zip(weight, seen, strict=True)]
    return _triple(low), _triple(high)


def _poisson(levels: Triple, block: Block, photons: int) -> float:
    """τ_n: probability that a pulse holds n photons, over the three intensities."""
    return sum(
        share * math.exp(-level) * level**photons / math.factorial(photons)
        for level, share in zip(levels, block.shares, strict=True)
    )


def _triple(values: list[float]) -> Triple:
    return values[0], values[1], values[2]
