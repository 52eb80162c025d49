"""Calibration against closed forms, an independent solution of the model's equations, and its symmetries."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.calibration import Note, Review, calibrate
from langqiao.engines.selection.calibration.variance import angles


def reviews_of(table):
    """{(item, reviewer): score} → reviews."""
    return [Review(item, reviewer, score) for (item, reviewer), score in table.items()]


def by_key(rows, name):
    return {getattr(row, name): row for row in rows}


def simulated(seed, *, items=37, reviewers=20, each=5, bias=6.0, error=3.7, quality=5.8):
    rng = np.random.default_rng(seed)
    q, b, load = rng.normal(75, quality, items), rng.normal(0, bias, reviewers), np.zeros(reviewers)
    table = {}
    for i in range(items):
        chosen = np.argsort(load + 0.9 * rng.random(reviewers))[:each]
        load[chosen] += 1
        for r in chosen:
            table[f"a{i:02}", f"r{r:02}"] = float(q[i] + b[r] + rng.normal(0, error))
    return table, q, b


# A complete table: 4 items (rows) by 3 reviewers. Row means 71, 63, 77, 69; column means 66, 75, 69; mean 70.
COMPLETE = {
    ("a", "x"): 66.0, ("a", "y"): 77.0, ("a", "z"): 70.0,
    ("b", "x"): 60.0, ("b", "y"): 66.0, ("b", "z"): 63.0,
    ("c", "x"): 73.0, ("c", "y"): 83.0, ("c", "z"): 75.0,
    ("d", "x"): 65.0, ("d", "y"): 74.0, ("d", "z"): 68.0,
}  # fmt: skip


def test_a_complete_table_gives_the_anova_estimates_by_hand():
    # Reviewers: sum of squares 4·(16 + 25 + 1) = 168 on 2 degrees, mean square 84. Residuals from row and
    # column means: a −1 +1 0, b +1 −2 +1, c 0 +1 −1, d 0 0 0; sum of squares 10 on 6 degrees, 5/3.
    found = calibrate(reviews_of(COMPLETE))
    assert found.freedom == 8
    assert found.sigma_error == pytest.approx(math.sqrt(5 / 3), rel=1e-6)
    assert found.sigma_reviewer == pytest.approx(math.sqrt((84 - 5 / 3) / 4), rel=1e-6)
    assert found.evidence == pytest.approx(stats.f.sf(84 / (5 / 3), 2, 6))
    assert [note.kind for note in found.notes] == ["same_reviewers"]


def test_a_complete_table_keeps_the_raw_means_and_ranks():
    found = calibrate(reviews_of(COMPLETE))
    items = by_key(found.items, "item")
    assert {key: row.raw_mean for key, row in items.items()} == {"a": 71, "b": 63, "c": 77 + 0, "d": 69}
    for row in found.items:
        assert row.calibrated == pytest.approx(row.raw_mean)
        assert row.rank_raw == row.rank_calibrated
        # Everybody reviewed everything, so bias does not widen the interval: t(8) · s/√3, s² averaged.
        assert row.low < row.calibrated < row.high
        assert row.error < (row.raw_high - row.raw_mean) / stats.t.ppf(0.975, 8)
    assert [row.item for row in found.items] == ["c", "a", "d", "b"]
    reviewers = by_key(found.reviewers, "reviewer")
    # Shrunk a little from the column effects −4, 5, −1.
    for key, effect in {"x": -4.0, "y": 5.0, "z": -1.0}.items():
        assert 0.9 < reviewers[key].bias / effect < 1.0
        assert reviewers[key].severity == -reviewers[key].bias
    assert reviewers["x"].leaning == "strict"
    assert reviewers["y"].leaning == "lenient"


def dense_solution(table, level=0.95):
    """The same model by Henderson's dense equations, angle by angle: an oracle of another make."""
    items, reviewers = sorted({i for i, _ in table}), sorted({r for _, r in table})
    x = np.array([[float(i == key) for key in items] for i, _ in table])
    z = np.array([[float(r == key) for key in reviewers] for _, r in table])
    y = np.array(list(table.values()))
    n, nu = len(y), len(y) - len(items)
    contrast = np.linalg.svd(np.eye(n) - x @ np.linalg.pinv(x))[0][:, :nu]  # basis of what items leave
    scores, biases, item_var, logs = [], [], [], []
    centre = np.eye(len(items) + len(reviewers))
    for ratio in np.tan(angles()) ** 2:
        left = np.block([[x.T @ x, x.T @ z], [z.T @ x, z.T @ z + np.eye(len(reviewers)) / ratio]])
        inverse = np.linalg.inv(left)
        solution = inverse @ np.concatenate([x.T @ y, z.T @ y])
        v = contrast.T @ (np.eye(n) + ratio * z @ z.T) @ contrast
        r = contrast.T @ y
        s2 = float(r @ np.linalg.solve(v, r)) / nu
        logs.append(-0.5 * np.linalg.slogdet(v)[1] - 0.5 * nu * math.log(s2))
        # The panel's mean score of item i is item_i plus the mean bias of all reviewers.
        at = len(items)
        rows = centre[:at] + np.concatenate([np.zeros(at), np.full(len(reviewers), 1 / len(reviewers))])
        scores.append(rows @ solution)
        biases.append(solution[at:])
        item_var.append(s2 * np.einsum("ij,jk,ik->i", rows, inverse, rows))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    scores, item_var = np.array(scores), np.array(item_var)
    mean = weights @ scores
    error = np.sqrt(weights @ item_var + weights @ (scores - mean) ** 2)
    half = stats.t.ppf(0.5 + level / 2, nu) * error
    return dict(zip(items, zip(mean, mean - half, mean + half, strict=True), strict=True)), dict(
        zip(reviewers, weights @ np.array(biases), strict=True)
    )


@pytest.mark.parametrize("bias", [0.0, 2.0, 8.0])
def test_scores_intervals_and_biases_agree_with_the_dense_equations(bias):
    table, _, _ = simulated(3, items=9, reviewers=6, each=3, bias=bias)
    found = calibrate(reviews_of(table))
    assert len(found.parts) == 1
    expected, biases = dense_solution(table)
    for row in found.items:
        assert (row.calibrated, row.low, row.high) == pytest.approx(expected[row.item], abs=1e-7)
    for row in found.reviewers:
        assert row.bias == pytest.approx(biases[row.reviewer], abs=1e-7)


def test_bias_is_found_where_there_is_much_of_it():
    table, quality, bias = simulated(1, bias=9.0)
    found = calibrate(reviews_of(table))
    assert found.sigma_reviewer == pytest.approx(9.0, rel=0.4)
    assert found.sigma_error == pytest.approx(3.7, rel=0.2)
    assert found.evidence < 1e-6
    strict = np.array([row.severity for row in found.reviewers])
    assert np.corrcoef(strict, -bias)[0, 1] > 0.95
    raw = np.array([row.raw_mean for row in sorted(found.items, key=lambda row: row.item)])
    ours = np.array([row.calibrated for row in sorted(found.items, key=lambda row: row.item)])
    assert np.std(ours - quality) < 0.6 * np.std(raw - quality)


def test_without_bias_the_answer_falls_back_to_the_raw_mean():
    moved, raw_error = [], []
    for seed in range(20):
        table, quality, _ = simulated(seed, bias=0.0)
        found = sorted(calibrate(reviews_of(table)).items, key=lambda row: row.item)
        moved += [row.difference for row in found]
        raw_error += [row.raw_mean - q for row, q in zip(found, quality, strict=True)]
    # What calibration adds is small beside what chance has already put into the raw mean.
    assert np.std(moved) < 0.2 * np.std(raw_error)


def test_reviewers_who_agree_but_for_chance_are_said_to():
    table = {(item, reviewer): 70.0 + 3 * (i + r == 1) for (i, item), (r, reviewer) in product(
        enumerate("abcd"), enumerate("wxyz"))}  # fmt: skip
    found = calibrate(reviews_of(table))
    assert found.sigma_reviewer == 0.0
    assert Note("no_bias") in found.notes


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        ({("a", "x"): 70.0}, {"no_error", "single_reviewers"}),
        ({("a", "x"): 70.0, ("b", "y"): 80.0}, {"unconnected", "no_error", "single_reviewers"}),
        ({("a", "x"): 70.0, ("b", "x"): 80.0}, {"no_error", "same_reviewers"}),
        ({("a", "x"): 70.0, ("a", "y"): 70.0}, {"identical", "single_reviewers"}),
        ({("a", "x"): 0.0, ("a", "y"): 0.0, ("b", "y"): 5.0}, {"identical", "single_items", "single_reviewers"}),
        (dict.fromkeys(product("abc", "xy"), 66.6), {"identical", "same_reviewers"}),
    ],
)  # fmt: skip
def test_thin_and_constant_data_give_sensible_answers(table, kinds):
    found = calibrate(reviews_of(table))
    assert {note.kind for note in found.notes} == kinds
    for row in found.items:
        assert row.calibrated == pytest.approx(row.raw_mean)
        if "no_error" in kinds:
            assert (row.error, row.low, row.high, row.raw_low) == (None, None, None, None)
        else:
            assert row.low == pytest.approx(row.calibrated)
            assert row.high == pytest.approx(row.calibrated)
    assert all(row.bias == 0.0 and math.copysign(1, row.severity) == 1 for row in found.reviewers)


def test_an_item_with_one_review_has_a_wider_interval():
    table, _, _ = simulated(2)
    table["alone", "r00"] = 80.0
    found = calibrate(reviews_of(table))
    rows = by_key(found.items, "item")
    alone = rows["alone"]
    assert (alone.n, alone.spread) == (1, None)
    assert alone.error > 1.5 * max(row.error for key, row in rows.items() if key != "alone")
    assert Note("single_items", ("alone",)) in found.notes
    strict = by_key(found.reviewers, "reviewer")["r00"].bias
    assert alone.calibrated == pytest.approx(80.0 - strict)


def test_unconnected_parts_are_named_and_do_not_touch_each_other():
    first, _, _ = simulated(5, items=12, reviewers=6, each=3)
    second, _, _ = simulated(6, items=8, reviewers=5, each=3)
    moved = {(f"q{item}", f"q{reviewer}"): score for (item, reviewer), score in second.items()}
    found = calibrate(reviews_of(first | moved))
    assert [len(part.items) for part in found.parts] == [12, 8]
    assert Note("unconnected", found.parts[1].items) in found.notes
    assert {row.part for row in found.items if row.item.startswith("q")} == {2}
    # The level of one part says nothing about bias: only that part moves with it.
    lifted = calibrate(reviews_of(first | {pair: score + 25 for pair, score in moved.items()}))
    before, after = by_key(found.items, "item"), by_key(lifted.items, "item")
    for key, row in after.items():
        assert row.calibrated - before[key].calibrated == pytest.approx(25 if key.startswith("q") else 0)
    for part in found.parts:
        rows = [row for row in found.reviewers if row.reviewer in part.reviewers]
        assert sum(row.bias for row in rows) == pytest.approx(0, abs=1e-9)


def test_the_report_of_a_reviewer_by_hand():
    reviewers = by_key(calibrate(reviews_of(COMPLETE)).reviewers, "reviewer")
    columns = {"x": [66, 60, 73, 65], "y": [77, 66, 83, 74], "z": [70, 63, 75, 68]}
    pooled = math.sqrt(sum(np.var(column, ddof=1) for column in columns.values()) / 3)
    for key, column in columns.items():
        row = reviewers[key]
        assert (row.n, row.mean) == (4, pytest.approx(np.mean(column)))
        assert row.sd == pytest.approx(np.std(column, ddof=1))
        assert row.spread == pytest.approx(np.std(column, ddof=1) / pooled)
        others = np.mean([columns[other] for other in columns if other != key], axis=0)
        assert row.agreement == pytest.approx(np.corrcoef(column, others)[0, 1])


def test_equal_scores_share_the_better_rank():
    table = dict.fromkeys([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")], 80.0) | {
        ("c", "x"): 70.0,
        ("c", "y"): 60.0,
    }
    ranks = {row.item: (row.rank_raw, row.rank_calibrated) for row in calibrate(reviews_of(table)).items}
    assert ranks == {"a": (1, 1), "b": (1, 1), "c": (3, 3)}


def test_criteria_are_weighted_and_calibrated_alone_as_well():
    table, _, _ = simulated(8, items=8, reviewers=5, each=3)
    reviews = [
        Review(i, r, criteria={"novelty": score, "market": 60 + index % 7})
        for index, ((i, r), score) in enumerate(table.items())
    ]
    found = calibrate(reviews, weights={"novelty": 3, "market": 1})
    for row in found.items:
        scores = [
            (3 * r.criteria["novelty"] + r.criteria["market"]) / 4 for r in reviews if r.item == row.item
        ]
        assert row.raw_mean == pytest.approx(np.mean(scores))
        assert row.spread == pytest.approx(np.std(scores, ddof=1))
    alone = calibrate(reviews_of(table))
    assert found.criteria["novelty"].items == alone.items
    assert set(found.criteria) == {"novelty", "market"}


@pytest.mark.parametrize(
    ("reviews", "weights", "kind"),
    [
        ([], None, "empty"),
        ([Review("a", "x", 1), Review("a", "x", 2)], None, "twice"),
        ([Review("a", "x")], None, "score"),
        ([Review("a", "x", math.nan)], None, "score"),
        ([Review("a", "x", math.inf)], None, "score"),
        ([Review("a", "x", criteria={"p": 1})], {"p": 1, "q": 1}, "score"),
        ([Review("a", "x", criteria={"p": 1})], {}, "weights"),
        ([Review("a", "x", criteria={"p": 1})], {"p": 0}, "weights"),
        ([Review("a", "x", criteria={"p": 1})], {"p": -1}, "weights"),
        ([Review("a", "x", criteria={"p": 1})], {"p": math.nan}, "weights"),
    ],
)
def test_what_cannot_be_used_is_refused(reviews, weights, kind):
    with pytest.raises(SelectionError) as refusal:
        calibrate(reviews, weights=weights)
    assert refusal.value.kind == kind


@pytest.mark.parametrize("level", [0, 1, -1, math.nan])
def test_a_level_outside_of_zero_and_one_is_refused(level):
    with pytest.raises(SelectionError):
        calibrate([Review("a", "x", 1)], level=level)


def test_receipts_depend_on_the_scores_only():
    table, _, _ = simulated(4, items=6, reviewers=5, each=3)
    first = calibrate(reviews_of(table)).receipt
    assert calibrate(list(reversed(reviews_of(table)))).receipt == first
    pair = next(iter(table))
    other = calibrate(reviews_of(table | {pair: table[pair] + 1})).receipt
    assert other.inputs != first.inputs
    assert other.result != first.result
    assert len(first.inputs) == len(first.result) == 64


tables = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("vwxyz")),
    st.integers(0, 100).map(float),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=40)
@given(table=tables, seed=st.integers(0, 2**16))
def test_the_order_of_the_reviews_does_not_matter(table, seed):
    reviews = reviews_of(table)
    np.random.default_rng(seed).shuffle(reviews)
    assert calibrate(reviews) == calibrate(reviews_of(table))


@settings(deadline=None, max_examples=40)
@given(table=tables)
def test_the_answer_is_sound_for_any_table(table):
    found = calibrate(reviews_of(table))
    for row in found.items:
        scores = [score for (item, _), score in table.items() if item == row.item]
        assert row.raw_mean == pytest.approx(np.mean(scores))
        assert math.isfinite(row.calibrated)
        assert (row.low is None) == (found.freedom == 0)
        if row.low is not None:
            assert row.low <= row.calibrated <= row.high
    for part in found.parts:
        rows = [row for row in found.reviewers if row.reviewer in part.reviewers]
        assert sum(row.bias for row in rows) == pytest.approx(0, abs=1e-7)
    ranks = sorted((row.rank_calibrated, -row.calibrated) for row in found.items)
    assert [-value for _, value in ranks] == sorted((row.calibrated for row in found.items), reverse=True)


@settings(deadline=None, max_examples=40)
@given(table=tables, shift=st.integers(-50, 50), scale=st.sampled_from([0.1, 1.0, 4.0]))
def test_another_scale_gives_the_same_answer_on_that_scale(table, shift, scale):
    before = by_key(calibrate(reviews_of(table)).items, "item")
    moved = {pair: scale * score + shift for pair, score in table.items()}
    for key, row in by_key(calibrate(reviews_of(moved)).items, "item").items():
        assert row.calibrated == pytest.approx(scale * before[key].calibrated + shift, abs=1e-6)
        if row.error is not None:
            assert row.error == pytest.approx(scale * before[key].error, abs=1e-6)
