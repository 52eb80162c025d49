"""Whole valuations: ranges in order, tornado, reconciliation, receipts, data in and out."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.valuation import (
    BadInput,
    CautionCode,
    Correlation,
    Method,
    Range,
    Study,
    Unit,
    Weighted,
    appraise,
    case_from_data,
    inputs_digest,
    issue,
    rerun,
    result_data,
    result_digest,
    study_from_data,
    to_data,
    tornado,
)
from langqiao.engines.valuation.case import PICK, base_value
from langqiao.engines.valuation.reconcile import Opinion, overlap, reconcile
from langqiao.engines.valuation.sampling import shares, uniforms
from langqiao.engines.valuation.study import estimate, histogram

from .cases import (
    cost,
    dcf,
    deal,
    exact,
    full_study,
    market,
    option,
    revenue,
    royalty,
    split,
    spread,
    wide_revenue,
)


def one(case, weight: float = 1.0, **changes) -> Study:
    return Study((Weighted(case, weight, "检验用"),), **{"seed": 1, "draws": 1000, **changes})


rates = st.floats(0.0, 0.5)


@settings(deadline=None, max_examples=40)
@given(rates, rates)
def test_what_only_earns_is_worth_less_at_a_higher_discount_rate(first: float, second: float) -> None:
    low, high = sorted((first, second))
    for make in (dcf, royalty, split):
        dear, cheap = (
            base_value(make(revenue=revenue(delay=1, growth=0.1, life=7.5), discount=exact(rate)))
            for rate in (high, low)
        )
        assert dear <= cheap + 1e-9


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["royalty", "success", "decay", "tax"]))
def test_royalties_rise_and_fall_with_their_inputs(first: float, second: float, name: str) -> None:
    top = {"decay": 0.9, "tax": 0.6}.get(name, 1.0)
    less, more = sorted((first * top, second * top))
    values = [base_value(royalty(**{name: exact(value)})) for value in (less, more)]
    assert values == sorted(values, reverse=name in {"decay", "tax"})


triples = st.lists(st.floats(0.01, 0.6), min_size=3, max_size=3).map(sorted)


@settings(deadline=None, max_examples=25)
@given(triples, triples, st.integers(0, 2**63 - 1))
def test_the_range_is_in_order_and_within_what_is_possible(
    margin: list[float], share: list[float], seed: int
) -> None:
    if margin[0] == margin[2] and share[0] == share[2]:
        return
    case = split(revenue=wide_revenue(), profit_margin=spread(*margin), split=spread(*share))
    (found,) = appraise(one(case, seed=seed)).estimates
    assert found.range.low <= found.range.middle <= found.range.high
    assert list(found.quantiles) == sorted(found.quantiles)
    assert found.sample.min() <= found.mean <= found.sample.max()
    assert found.negative == 0
    ends = (value for swing in found.swings for value in (swing.at_low, swing.at_high))
    assert all(value >= 0 for value in ends)


def test_the_simulation_agrees_with_the_exact_mean() -> None:
    # The value is a product of independent inputs: means multiply. 37.5 x 2.486852 at a 5 % royalty.
    case = royalty(royalty=spread(0.03, 0.05, 0.08), success=spread(0.4, 0.6, 0.7))
    (found,) = appraise(one(case, draws=100_000)).estimates
    per_point = base_value(royalty()) / 0.05
    mean = per_point * (0.03 + 0.2 + 0.08) / 6 * (0.4 + 2.4 + 0.7) / 6
    assert found.mean == pytest.approx(mean, rel=2e-3)


def test_the_tornado_is_worked_by_hand_and_sorted() -> None:
    case = royalty(royalty=spread(0.04, 0.05, 0.06), success=spread(0.5, 1.0, 1.0))
    swings = tornado(case)
    full = base_value(royalty())
    assert [swing.key for swing in swings] == ["success", "royalty"]
    assert (swings[0].low, swings[0].high) == (0.5, 1.0)
    assert swings[0].at_low == pytest.approx(full / 2)
    assert swings[0].at_high == pytest.approx(full)
    assert swings[1].at_low == pytest.approx(full * 0.8)
    assert swings[1].width == pytest.approx(full * 0.4)
    assert tornado(royalty()) == ()


def test_whole_numbers_swing_to_fractions() -> None:
    case = option(horizon=spread(1, 1, 1.5, Unit.YEARS))
    (swing,) = tornado(case)
    assert (swing.at_low, swing.at_high) == (
        pytest.approx(base_value(option(horizon=exact(1, Unit.YEARS)))),
        pytest.approx(base_value(option(horizon=exact(1.5, Unit.YEARS)))),
    )


def test_every_method_has_a_full_estimate() -> None:
    appraisal = appraise(full_study())
    assert [found.method for found in appraisal.estimates] == list(Method)
    for found in appraisal.estimates:
        assert found.range.low < found.range.high
        assert found.swings
        assert [swing.width for swing in found.swings] == sorted(
            (s.width for s in found.swings), reverse=True
        )
        assert sum(found.histogram.counts) + found.histogram.below + found.histogram.above == 2000
        assert found.table.rows
        assert all(len(row.cells) == len(found.table.columns) for row in found.table.rows)


def test_methods_that_share_an_input_share_its_draws() -> None:
    study = full_study()
    joint = {**shares(study.keys, seed=7, draws=2000), PICK: uniforms(PICK, seed=7, draws=2000)}
    alone = estimate(study.cases[1].case, joint)
    assert alone == appraise(study).estimates[1]
    # Same revenue, same rates: royalty and split rise and fall together.
    _, licence, share, *_ = appraise(study).estimates
    assert np.corrcoef(licence.sample, share.sample)[0, 1] > 0.5


def test_correlation_widens_the_range() -> None:
    case = split(profit_margin=spread(0.1, 0.2, 0.3), split=spread(0.1, 0.25, 0.4))
    plain = appraise(one(case, draws=20_000)).range
    pair = (Correlation("profit_margin", "split", 0.9, "检验用"),)
    together = appraise(one(case, draws=20_000, correlations=pair)).range
    assert together.high - together.low > 1.2 * (plain.high - plain.low)


def opinion(method: Method, low: float, high: float, weight: float = 1.0) -> Opinion:
    sample = np.linspace(low, high, 1001)
    return Opinion(method, Range(*np.quantile(sample, (0.1, 0.5, 0.9)).tolist()), sample, weight)


def test_methods_that_disagree_keep_their_disagreement() -> None:
    whole = reconcile([opinion(Method.DCF, 0, 100), opinion(Method.COST, 200, 300)])
    # Half the weight on each: the tenth of the whole is a fifth of the lower method.
    assert whole.range.low == pytest.approx(20, abs=0.2)
    assert whole.range.high == pytest.approx(280, abs=0.2)
    assert whole.weighted == pytest.approx(150)
    assert whole.envelope == (pytest.approx(10), pytest.approx(290))
    assert whole.ratio == pytest.approx(5)
    assert [caution.code for caution in whole.cautions] == [CautionCode.DISJOINT, CautionCode.FAR_APART]
    assert whole.agreements[0].overlap == 0


def test_weights_move_the_whole_and_zero_counts_for_nothing() -> None:
    low, high = opinion(Method.DCF, 0, 100, 9.0), opinion(Method.COST, 50, 150, 1.0)
    whole = reconcile([low, high])
    assert whole.weights == ((Method.DCF, 0.9), (Method.COST, 0.1))
    assert whole.range.middle < reconcile([low, dataclasses.replace(high, weight=9.0)]).range.middle
    ignored = reconcile([low, dataclasses.replace(high, weight=0.0)])
    assert ignored.range.low == pytest.approx(low.range.low, abs=0.2)
    assert ignored.envelope == (low.range.low, low.range.high)
    assert len(ignored.agreements) == 1
    with pytest.raises(ValueError, match="weight above zero"):
        reconcile([dataclasses.replace(low, weight=0.0)])


def test_overlap_of_ranges() -> None:
    assert overlap(Range(0, 1, 2), Range(1, 2, 4)) == pytest.approx(0.25)
    assert overlap(Range(0, 1, 2), Range(0, 1, 2)) == 1
    assert overlap(Range(1, 1, 1), Range(1, 1, 1)) == 1
    assert overlap(Range(0, 1, 2), Range(3, 4, 5)) == 0


def test_a_loss_has_no_ratio() -> None:
    assert reconcile([opinion(Method.DCF, -100, 10), opinion(Method.COST, 50, 60)]).ratio is None


def test_cautions_about_the_whole() -> None:
    codes = {caution.code: caution.facts for caution in appraise(full_study()).cautions}
    assert codes[CautionCode.MOSTLY_ASSUMED]["assumed"] == codes[CautionCode.MOSTLY_ASSUMED]["total"]
    assert CautionCode.IMPLIED_ROYALTY not in codes  # 25 % of 20 % is 5 %
    telling = Study(
        (
            Weighted(royalty(royalty=spread(0.01, 0.02, 0.03)), 1.0, "检验用"),
            Weighted(split(split=spread(0.3, 0.4, 0.5)), 1.0, "检验用"),
        ),
        seed=1,
        draws=1000,
    )
    codes = {caution.code: caution.facts for caution in appraise(telling).cautions}
    assert codes[CautionCode.IMPLIED_ROYALTY] == {"implied": pytest.approx(0.08), "royalty": 0.02}
    assert CautionCode.DISJOINT in codes
    single = appraise(one(royalty(royalty=spread(0.01, 0.02, 0.03))))
    assert CautionCode.SINGLE_METHOD in {caution.code for caution in single.cautions}


def test_a_project_that_may_lose_money_says_so() -> None:
    case = dcf(investment=spread(500, 900, 1300, Unit.WAN))
    (found,) = appraise(one(case)).estimates
    assert 0 < found.negative < 1
    codes = {caution.code: caution.facts for caution in found.cautions}
    assert codes[CautionCode.MAY_BE_NEGATIVE] == {"share": found.negative}


def test_a_base_case_at_the_edge_of_its_inputs_is_named() -> None:
    case = split(
        profit_margin=spread(0.0, 0.3, 0.3), split=spread(0.0, 0.5, 0.5), success=spread(0.0, 1.0, 1.0)
    )
    (found,) = appraise(one(case)).estimates
    assert CautionCode.BASE_OUTSIDE in {caution.code for caution in found.cautions}


def test_a_histogram_of_one_value_has_a_place() -> None:
    found = histogram(np.full(10, 3.0))
    assert found.edges[0] < 3 < found.edges[-1]
    assert sum(found.counts) == 10


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Study((), seed=1), "length"),
        (lambda: Study((Weighted(cost(), 1, "甲"), Weighted(cost(), 1, "乙")), seed=1), "twice"),
        (lambda: one(option(volatility=spread(0.2, 0.3, 0.4)), weight=0.0), "weights"),
        (lambda: one(market(), seed=-1), "limits"),
        (lambda: one(market(), seed=2**63), "limits"),
        (lambda: one(market(), draws=999), "limits"),
        (lambda: one(market(), draws=100_001), "limits"),
        (lambda: one(dcf()), "no_range"),
        (lambda: one(option(steps=2000, volatility=spread(0.2, 0.3, 0.4)), draws=10_000), "effort"),
        (
            lambda: one(
                market(*[deal(f"甲{n}", 1, spread(0.9, 1, 1.1, Unit.FACTOR)) for n in range(30)]),
                draws=70_000,
            ),
            "effort",
        ),
        (lambda: one(market(deal("甲", 1))), "no_range"),
        (lambda: one(market(), correlations=(Correlation("tax", "split", 0.5, "检验用"),)), "unknown"),
        (lambda: Weighted(cost(), -1, "甲"), "weight"),
        (lambda: Weighted(cost(), float("nan"), "甲"), "weight"),
        (lambda: Weighted(cost(), 1, " "), "reason"),
    ],
)
def test_studies_that_cannot_be_are_refused(make, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        make()
    assert refused.value.code == code


def test_a_receipt_is_confirmed_by_a_second_run() -> None:
    study = full_study()
    receipt = issue(study, appraise(study))
    assert len(receipt.inputs) == len(receipt.result) == 64
    assert (receipt.seed, receipt.draws) == (7, 2000)
    assert set(receipt.versions) == {"engine", "numpy", "python", "scipy"}
    assert rerun(study, receipt).same
    stored = study_from_data(json.loads(json.dumps(to_data(study))))
    assert rerun(stored, receipt).same
    assert inputs_digest(stored) == receipt.inputs
    kept = json.loads(json.dumps(result_data(appraise(study))))
    assert result_digest(kept) == receipt.result
    kept["estimates"][0]["mean"] += 1.0
    assert result_digest(kept) != receipt.result


def test_a_receipt_tells_other_inputs_from_other_results() -> None:
    study = full_study()
    receipt = issue(study, appraise(study))
    other = rerun(dataclasses.replace(study, seed=8), receipt)
    assert (other.inputs, other.result, other.same) == (False, False, False)
    forged = dataclasses.replace(receipt, result="0" * 64)
    told = rerun(study, forged)
    assert (told.inputs, told.result) == (True, False)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    first, again, other = (appraise(full_study(seed)) for seed in (7, 7, 8))
    assert first == again
    assert (first.estimates[0].sample == again.estimates[0].sample).all()
    assert first.range != other.range
    assert first.range.middle == pytest.approx(other.range.middle, rel=0.1)


def test_studies_go_to_data_and_back() -> None:
    study = full_study()
    text = json.dumps(to_data(study), allow_nan=False)
    assert study_from_data(json.loads(text)) == study
    for weighted in study.cases:
        assert case_from_data(json.loads(json.dumps(to_data(weighted.case)))) == weighted.case


def test_results_are_plain_data_without_the_draws() -> None:
    data = result_data(appraise(full_study()))
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert "sample" not in data["estimates"][0]
    assert data["whole"]["range"].keys() == {"low", "middle", "high"}


def changed(path: str, value: object) -> dict[str, object]:
    """The data of a study with one value replaced; ``...`` removes it."""
    data = to_data(full_study())
    *way, last = path.split(".")
    place = data
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    key = int(last) if last.isdigit() else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("seed", ..., "seed", "missing"),
        ("seed", "1", "seed", "type"),
        ("seed", True, "seed", "type"),
        ("seed", 10**40, "seed", "type"),
        ("cases", {}, "cases", "type"),
        ("cases.0", 3, "cases.0", "type"),
        ("cases.0.case", [], "cases.0.case", "type"),
        ("cases.0.case.method", "guess", "cases.0.case.method", "type"),
        ("cases.0.case.method", [], "cases.0.case.method", "type"),
        ("cases.0.case.wish", 1, "cases.0.case.wish", "unknown"),
        ("cases.0.case.margin.low", float("nan"), "cases.0.case.margin.low", "type"),
        ("cases.0.case.margin.low", 0.9, "cases.0.case.margin", "order"),
        ("cases.0.case.margin.unit", "元", "cases.0.case.margin.unit", "type"),
        ("cases.0.case.margin.unit", "年", "cases.0.case.margin", "unit"),
        ("cases.0.case.margin.source", 7, "cases.0.case.margin.source", "type"),
        ("cases.0.case.margin", None, "cases.0.case.margin", "type"),
        ("cases.0.case.revenue.peak.high", 1e10, "cases.0.case.revenue.peak", "above"),
        ("cases.0.case.revenue.ramp", [], "cases.0.case.revenue.ramp", "length"),
        ("cases.0.case.mid_year", 1, "cases.0.case.mid_year", "type"),
        ("cases.0.case.depreciation_years", 2.5, "cases.0.case.depreciation_years", "type"),
        ("cases.4.case.at", "gestern", "cases.4.case.at", "type"),
        ("cases.4.case.comparables.1.price", 0, "cases.4.case.comparables.1.price", "price"),
        ("cases.5.case.kind", "dream", "cases.5.case.kind", "type"),
        ("cases.1.weight", -1, "cases.1.weight", "weight"),
    ],
)
def test_data_that_is_no_study_is_refused_with_the_path(
    path: str, value: object, field: str, code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        study_from_data(changed(path, value))
    assert (refused.value.field, refused.value.code) == (field, code)


def test_absent_options_take_their_defaults() -> None:
    data = changed("cases.0.case.loss_years", ...)
    assert study_from_data(data) == full_study()


@pytest.mark.parametrize("data", [None, [], "study", 3])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(BadInput, match="must be an object"):
        study_from_data(data)
