"""Whatever stands in a file, the answer is a network, demands, or a refusal in words."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network import network_from_dict, nine_cities
from langqiao.engines.qkd.network.files import decoded
from langqiao.engines.qkd.planning import demands_from, plan
from tests.engines.qkd.test_network import plain

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
NINE = nine_cities()
PLACES = [
    ("name",), ("default",), ("rules",), ("marks",), ("equipment",), ("nodes",), ("links",),
    ("equipment", "e"), ("equipment", "e", "signal"), ("equipment", "e", "slices"), ("nodes", 0), ("nodes", 0, "id"),
    ("nodes", 0, "latitude"), ("links", 0), ("links", 0, "ends"), ("links", 0, "fibre_km"), ("links", 0, "spans"),
    ("links", 0, "spans_km"), ("links", 0, "systems"), ("links", 0, "rate_bps"), ("marks", "links"),
]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(place=st.sampled_from(PLACES), value=values)
def test_network_files(place, value):
    given_values = plain()
    inner = given_values
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with contextlib.suppress(QkdError):
        network_from_dict(given_values)


@settings(max_examples=40, deadline=None)
@given(
    row=st.fixed_dictionaries(
        {"id": values, "source": st.just("hefei") | values, "target": st.just("wuhu") | values},
        optional={
            "bps": values,
            "keys_per_second": values,
            "key_bits": values,
            "priority": values,
            "two_paths": values,
        },
    )
)
def test_demands(row):
    with contextlib.suppress(QkdError):
        plan(NINE, demands_from([row]))


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=64), name=st.sampled_from(["n.json", "n.toml"]))
def test_bytes(raw, name):
    with contextlib.suppress(QkdError):
        network_from_dict(decoded(raw, name))
