"""The table of inputs, columns and figures is complete."""

from __future__ import annotations

import pytest

from langqiao.engines.valuation import COLUMNS, FIELDS, FIGURES, Method, appraise, field_of

from .cases import full_study


def test_every_input_column_and_figure_has_its_terms() -> None:
    study = full_study()
    for weighted, found in zip(study.cases, appraise(study).estimates, strict=True):
        for key, quantity in weighted.case.inputs().items():
            assert field_of(key).unit is quantity.unit
        assert set(found.table.columns) <= set(COLUMNS)
        assert {figure.key for figure in found.figures} <= set(FIGURES)
    assert {weighted.case.method for weighted in study.cases} == set(Method)


def test_terms_are_there_in_both_languages_and_limits_in_order() -> None:
    for field in FIELDS.values():
        assert field.zh
        assert field.en
        assert field.lower < field.upper
    for heading in (*COLUMNS.values(), *FIGURES.values()):
        assert heading.zh
        assert heading.en


def test_numbered_keys_share_a_field() -> None:
    assert field_of("cost.17") is FIELDS["cost.*"]
    assert field_of("adjust.3.0") is FIELDS["adjust.*.*"]
    with pytest.raises(KeyError):
        field_of("luck")
