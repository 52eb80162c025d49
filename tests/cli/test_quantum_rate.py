"""``langqiao quantum rate``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli.quantum import quantum_app

run = CliRunner().invoke


def test_json_has_the_reference_values():
    found = run(quantum_app, ["rate", "--km", "50", "--parameters", "gys", "--json"])
    assert found.exit_code == 0
    values = json.loads(found.stdout)
    assert values["y1"] == pytest.approx(0.003954806598634917, rel=1e-9)
    assert values["e1"] == pytest.approx(0.03539849258327798, rel=1e-9)
    assert values["q1"] == pytest.approx(0.0011746409476994979, rel=1e-9)
    assert f"{values['rate_asymptotic']:.3e} {values['rate_vacuum_weak']:.3e}" == "2.226e-04 2.096e-04"
    assert values["unit"] == "bit/pulse"


def test_table_and_finite_key():
    found = run(quantum_app, ["rate", "--km", "71", "--parameters", "illustration-40mhz", "--pulses", "1e12"])
    assert found.exit_code == 0
    assert "有限码长" in found.stdout
    twin = run(quantum_app, ["rate", "--km", "202", "--parameters", "illustration-twin"])
    assert "双场成码率" in twin.stdout


@pytest.mark.parametrize(
    "given",
    [["--km", "-1"], ["--km", "nan"], ["--km", "1", "--parameters", "x"], ["--km", "1", "--pulses", "-5"]],
)
def test_refusals_are_one_line(given):
    found = run(quantum_app, ["rate", *given])
    assert found.exit_code == 2
    assert found.stderr.startswith("✗")
    assert "Traceback" not in found.output
