"""What-ifs as short texts."""

from __future__ import annotations

import pytest

from langqiao.engines.scheduling.campus import Changes, Demand, read_changes, read_month
from langqiao.engines.scheduling.errors import SchedulingError


def test_what_ifs_are_read() -> None:
    assert read_changes(
        slips=["2=6"], deratings=["1/A=20", "1/=12.5"], arrivals=["示例=64@2027-03", "b=8@2027-03..2027-04"]
    ) == Changes(
        {"2": 6},
        {"1/A": 20.0, "1/": 12.5},
        (
            Demand("示例", 64, read_month("2027-03")),
            Demand("b", 8, read_month("2027-03"), read_month("2027-04")),
        ),
    )


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("slips", "2"), ("slips", "2=-1"), ("slips", "2=1.5"), ("slips", "=3"), ("slips", "2=1000"),
        ("deratings", "A=20"), ("deratings", "1/A=x"), ("deratings", "1/A="),
        ("arrivals", "x=64"), ("arrivals", "x=64@soon"), ("arrivals", "x=64@2027-13"),
        ("arrivals", "x=@2027-01"), ("arrivals", "x=1@2027-03..2027-01"), ("arrivals", "x=" + "9" * 300),
    ],
)  # fmt: skip
def test_malformed_what_ifs_say_how_to_write_them(sort: str, text: str) -> None:
    with pytest.raises(SchedulingError, match="write"):
        read_changes(**{sort: [text]})


def test_there_is_an_end_of_what_ifs() -> None:
    with pytest.raises(SchedulingError, match="at most 50"):
        read_changes(slips=["1=1"] * 51)
