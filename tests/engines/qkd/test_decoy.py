"""Decoy-state BB84 against the reference table, PyPI ``qkd`` and itself."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qkd import _core as oracle

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics import (
    GYS,
    SETS,
    binary_entropy,
    bounds,
    decoy_rate,
    gain,
    named,
    reach,
    secret_fraction,
    single_photons,
    transmittance,
)

EXACT = 1e-9


def test_reference_values_at_50_km():
    found = decoy_rate(GYS, 50)
    assert found.y1 == pytest.approx(0.003954806598634917, rel=EXACT)
    assert found.e1 == pytest.approx(0.03539849258327798, rel=EXACT)
    assert found.q1 == pytest.approx(0.0011746409476994979, rel=EXACT)


@pytest.mark.parametrize(
    ("km", "asymptotic", "weak"),
    [
        (0, "2.555e-03", "2.414e-03"),
        (50, "2.226e-04", "2.096e-04"),
        (100, "1.718e-05", "1.602e-05"),
        (140, "2.465e-07", "7.378e-08"),
    ],
)
def test_reference_table(km, asymptotic, weak):
    found = decoy_rate(GYS, km)
    assert (f"{found.rate_asymptotic:.3e}", f"{found.rate_vacuum_weak:.3e}") == (asymptotic, weak)


def test_reach():
    assert round(reach(GYS, asymptotic=True), 2) == 142.01
    assert round(reach(GYS), 2) == 140.62
    assert decoy_rate(GYS, 141).rate_vacuum_weak == 0
    assert reach(replace(GYS, background=0.0)) == math.inf
    assert reach(replace(GYS, misalignment=0.4)) == 0


@settings(max_examples=60, deadline=None)
@given(
    km=st.floats(0, 120),
    signal=st.floats(0.2, 0.9),
    share=st.floats(0.05, 0.6),
    error=st.floats(0.0, 0.05),
    background=st.floats(1e-8, 1e-5),
)
def test_equal_to_the_oracle(km, signal, share, error, background):
    """Every step of PyPI ``qkd`` 0.2.0, which sums Ma's Eq. 7 whole, on the same inputs."""
    one = replace(GYS, signal=signal, decoy=signal * share, misalignment=error, background=background)
    eta = transmittance(one, km)
    assert eta == pytest.approx(oracle.decoy_eta(one.attenuation, km, one.receiver_efficiency), rel=EXACT)
    strong, weak = gain(one, signal, eta, "exact"), gain(one, one.decoy, eta, "exact")
    assert strong == pytest.approx(oracle.decoy_gain(signal, eta, background, error), rel=EXACT)
    assert weak == pytest.approx(oracle.decoy_gain(one.decoy, eta, background, error), rel=EXACT)
    assert single_photons(one, eta, "exact") == pytest.approx(
        oracle.decoy_ideal(eta, background, error), rel=EXACT
    )
    found = bounds((signal, one.decoy, 0.0), (strong[0], weak[0], background), (strong[1], weak[1], 0.5))
    theirs = oracle.decoy_bounds(signal, one.decoy, 0.0, *strong, *weak, background, 0.5)
    assert (found.y1, found.e1, found.q1) == pytest.approx(theirs, rel=EXACT)
    ours = max(secret_fraction(one, strong, (found.q1, found.e1)), 0.0)
    assert ours == pytest.approx(
        oracle.bb84_rate(one.sifting, *strong, found.q1, found.e1, one.correction), rel=EXACT, abs=1e-18
    )
    assert decoy_rate(one, km, "exact").rate_vacuum_weak == pytest.approx(ours, rel=EXACT)


@settings(max_examples=40, deadline=None)
@given(km=st.floats(0, 100), weak=st.floats(0.05, 0.2), share=st.floats(0.05, 0.9))
def test_two_weak_decoys_equal_to_the_oracle(km, weak, share):
    levels = (0.5, weak, weak * share)
    seen = [gain(GYS, level, transmittance(GYS, km), "exact") for level in levels]
    found = bounds(levels, tuple(one[0] for one in seen), tuple(one[1] for one in seen))
    theirs = oracle.decoy_bounds(*levels, *(value for one in seen for value in one))
    assert (found.y1, found.e1, found.q1) == pytest.approx(theirs, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(km=st.floats(0, 200), further=st.floats(0.1, 50))
def test_bounds_are_bounds_and_fall_with_length(km, further):
    near, far = decoy_rate(GYS, km), decoy_rate(GYS, km + further)
    y1, e1 = single_photons(GYS, near.transmittance)
    assert near.y1 <= y1 * (1 + 1e-12)
    assert near.e1 >= e1 * (1 - 1e-12)
    assert near.rate_vacuum_weak <= near.rate_asymptotic
    assert far.rate_vacuum_weak <= near.rate_vacuum_weak
    assert far.rate_asymptotic <= near.rate_asymptotic


def test_entropy():
    assert binary_entropy(0.5) == 1
    assert binary_entropy(0) == binary_entropy(1) == binary_entropy(-1) == 0
    assert binary_entropy(0.11) == pytest.approx(0.499915958, rel=1e-8)


def test_no_light_no_key():
    dark = decoy_rate(replace(GYS, receiver_efficiency=0.0, background=0.0), 10)
    assert (dark.gain, dark.y1, dark.rate_asymptotic, dark.rate_vacuum_weak) == (0, 0, 0, 0)


def test_refusals_name_what_is_wrong():
    with pytest.raises(QkdError, match=r"misalignment must be from 0 to 0\.5") as refused:
        decoy_rate(replace(GYS, misalignment=0.6), 1)
    assert (refused.value.kind, refused.value.subjects) == ("parameter", ("misalignment",))
    with pytest.raises(QkdError, match="decoy must be weaker"):
        decoy_rate(replace(GYS, decoy=0.5), 1)
    with pytest.raises(QkdError, match="slices"):
        decoy_rate(replace(GYS, slices=1), 1)
    with pytest.raises(QkdError, match="decoys must be weaker"):
        bounds((0.5, 0.3, 0.3), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
    for km in (-1, math.nan, math.inf):
        with pytest.raises(QkdError, match="length"):
            decoy_rate(GYS, km)
    with pytest.raises(QkdError, match="there are gys"):
        named("gsy")


def test_every_set_says_of_every_input_whether_it_is_published():
    assert named(" GYS ") is GYS
    for one in SETS.values():
        wanted = {"attenuation", "receiver_efficiency", "background", "misalignment", "correction"}
        wanted |= {"signal", "decoy", "sifting"} | ({"clock_hz"} if one.clock_hz else set())
        wanted |= {"slices"} if one.protocol == "pm" else set()
        assert set(one.marks) == wanted
        assert all(mark.source for mark in one.marks.values())
