"""Phase matching: its scaling, its limits, and published anchors by order of magnitude only.

The anchors are experiments whose equipment the facts do not give, so nothing closer can be asked for.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.physics import decoy_rate, named, rate_report, span_rate, twin_rate
from langqiao.engines.qkd.physics.twin import _slice_error

TWIN = named("illustration-twin")


def test_scales_with_the_square_root_of_the_transmittance():
    """Doubling the loss of the whole fibre costs the square root: 10 dB more, 5 dB less key."""
    near, far = twin_rate(TWIN, 100), twin_rate(TWIN, 100 + 10 / TWIN.attenuation)
    assert 10 * math.log10(near.rate / far.rate) == pytest.approx(5, abs=0.2)


def test_overtakes_decoy_bb84_with_length():
    same = replace(TWIN, protocol="decoy-bb84", signal=0.5, decoy=0.1, sifting=0.5)
    assert twin_rate(TWIN, 50).rate < decoy_rate(same, 50).rate_vacuum_weak
    assert twin_rate(TWIN, 350).rate > 10 * decoy_rate(same, 350).rate_vacuum_weak


def test_published_anchors_by_order_of_magnitude():
    """111.74 kbit/s at 202 km; 9.53e-12 bit a pulse at 1,002 km with fibre and detectors of the best kind."""
    assert 111_740 / 10 < span_rate(TWIN, 202) < 111_740 * 10
    best = replace(TWIN, attenuation=0.157, receiver_efficiency=0.6, background=2e-11)
    assert 9.53e-13 < twin_rate(best, 1_002).rate < 9.53e-11


@settings(max_examples=40, deadline=None)
@given(km=st.floats(0, 900), further=st.floats(1, 100), signal=st.floats(0.01, 0.5))
def test_falls_with_length_and_keeps_its_limits(km, further, signal):
    one = replace(TWIN, signal=signal, decoy=signal / 5)
    near, far = twin_rate(one, km), twin_rate(one, km + further)
    assert far.rate <= near.rate
    assert far.gain <= near.gain <= 1
    assert 0 <= near.error <= 0.5
    assert 0 <= near.phase_error <= 0.5


def test_slices():
    assert _slice_error(16) == pytest.approx((2 * math.pi / 16) ** 2 / 24, rel=0.01)
    assert twin_rate(replace(TWIN, slices=8), 100).error > twin_rate(TWIN, 100).error


def test_no_light_no_key():
    assert twin_rate(replace(TWIN, receiver_efficiency=0.0, background=0.0), 1).rate == 0
    with pytest.raises(QkdError, match="more than once"):
        twin_rate(replace(TWIN, background=0.5), 1)


def test_report():
    twin = rate_report(TWIN, 202)
    assert twin["bits_per_second"] == pytest.approx(1e9 * twin["rate_twin_field"])
    assert twin["inputs"]["slices"]["status"] == "assumed"
    decoy = rate_report(named("gys"), 50, pulses=1e12)
    assert decoy["rate_vacuum_weak"] == decoy_rate(named("gys"), 50).rate_vacuum_weak
    assert decoy["key_bits"] == decoy["rate_finite"] * 1e12
    assert "bits_per_second" not in decoy
    assert decoy["inputs"]["background"] == {
        "value": 1.7e-6,
        "status": "published",
        "source": named("gys").marks["background"].source,
    }
    assert rate_report(named("illustration-40mhz"), 71)["bits_per_second"] == pytest.approx(8.0e3, rel=0.01)
