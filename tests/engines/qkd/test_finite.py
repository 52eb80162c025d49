"""Finite keys against PyPI ``qkd`` 0.2.0 and against the limit they must stay below."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qkd import _core as oracle

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics import GYS, decoy_rate, finite_key, from_counts, gain, transmittance
from langqiao.engines.qkd.physics.finite import BOUNDS, counts, errors, phase_error
from langqiao.engines.qkd.types import Block


@settings(max_examples=60, deadline=None)
@given(
    exponent=st.floats(8, 15),
    km=st.floats(0, 110),
    signal=st.floats(0.3, 0.8),
    decoy=st.floats(0.05, 0.25),
    basis=st.floats(0.5, 0.97),
    secrecy=st.floats(1e-12, 1e-6),
)
def test_equal_to_the_oracle(*, exponent, km, signal, decoy, basis, secrecy):
    one = replace(GYS, signal=signal, decoy=decoy)
    block = Block(10**exponent, key_basis=basis, secrecy=secrecy)
    found = finite_key(one, km, block, "exact")
    eta = transmittance(one, km)
    seen = [gain(one, signal, eta, "exact"), gain(one, decoy, eta, "exact"), (one.background, 0.5)]
    sent = [block.pulses * share * q for share, (q, _e) in zip(block.shares, seen, strict=True)]
    key = tuple(count * basis**2 for count in sent)
    test = tuple(count * (1 - basis) ** 2 for count in sent)
    wrong = tuple(count * e for count, (_q, e) in zip(test, seen, strict=True))
    levels = (signal, decoy, 0.0, block.shares)
    vacuum, single = oracle.decoy_counts(*levels, key, secrecy / BOUNDS)
    _none, tested = oracle.decoy_counts(*levels, test, secrecy / BOUNDS)
    worst = oracle.decoy_errors(*levels, wrong, secrecy / BOUNDS)
    phase = oracle.bb84_phase(worst, tested, single, secrecy)
    assert (found.vacuum, found.single) == pytest.approx((vacuum, single), rel=1e-9, abs=1e-3)
    assert counts(levels[:3], block, test)[1] == pytest.approx(tested, rel=1e-9, abs=1e-3)
    assert errors(levels[:3], block, wrong) == pytest.approx(worst, rel=1e-9)
    assert found.phase_error == pytest.approx(phase, rel=1e-9)
    error = sum(c * e for c, (_q, e) in zip(key, seen, strict=True)) / sum(key)
    length = oracle.bb84_length(
        vacuum, single, phase, sum(key), error, one.correction, secrecy, block.correctness
    )
    assert found.length == pytest.approx(length, rel=1e-9, abs=1)
    assert found.length == math.floor(found.length)


@settings(max_examples=40, deadline=None)
@given(exponent=st.floats(9, 16), km=st.floats(0, 120))
def test_below_the_limit_and_growing_with_the_block(exponent, km):
    small, large = (finite_key(GYS, km, Block(10**one)) for one in (exponent, exponent + 1))
    assert small.rate <= large.rate
    # q and the share of signals are the limit's only differences: none of them makes it larger than 1
    limit = decoy_rate(GYS, km).rate_asymptotic / GYS.sifting
    assert large.rate <= limit


def test_a_short_block_has_no_key():
    found = finite_key(GYS, 50, Block(1e6))
    assert (found.length, found.rate, found.phase_error) == (0, 0, 0.5)
    assert finite_key(GYS, 50, Block(1e12)).length > 1e8


def test_phase_error_at_its_ends():
    assert phase_error(0, 10, 10, 1e-10) == 0
    assert phase_error(5, 10, 10, 1e-10) == 0.5
    assert phase_error(1, 0, 10, 1e-10) == 0.5
    assert phase_error(1.0, 1e9, 1e30, 0.999) > 1e-9
    assert phase_error(4.9e29, 1e30, 1e30, 0.999) == pytest.approx(0.49)


def test_nothing_counted_is_no_key():
    none = (0.0, 0.0, 0.0)
    found = from_counts(GYS, Block(1e9), key=none, key_errors=none, test=none, test_errors=none)
    assert (found.length, found.sifted, found.error) == (0, 0, 0.5)


@pytest.mark.parametrize(
    ("block", "match"),
    [
        (Block(0), "pulses"),
        (Block(math.nan), "pulses"),
        (Block(1e9, shares=(0.5, 0.5, 0.0)), "shares"),
        (Block(1e9, shares=(0.5, 0.5, 0.5)), "shares"),
        (Block(1e9, key_basis=1.0), "key basis"),
        (Block(1e9, secrecy=0.0), "probabilities"),
        (Block(1e9, correctness=1.0), "probabilities"),
    ],
)
def test_blocks_that_cannot_be_sent(block, match):
    with pytest.raises(QkdError, match=match):
        finite_key(GYS, 1, block)
