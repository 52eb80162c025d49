"""The written palette: text is readable in both themes (WCAG 2.2, 1.4.3), and the document tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSS = (ROOT / "src/langqiao/web/assets/css/tokens.css").read_text()
TOKENS = {
    name: {"light": light.lower(), "dark": dark.lower()}
    for name, light, dark in re.findall(r"--lq-([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
}
TONES = ["water", "success", "warning", "danger"]
TINT = {"water": 0.10, "success": 0.13, "warning": 0.15, "danger": 0.11}  # of parts.css


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(rgb: list[float]) -> float:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: list[float], other: list[float]) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(tone: str, ground: str, part: float) -> list[float]:
    return [part * t + (1 - part) * g for t, g in zip(channels(tone), channels(ground), strict=True)]


def test_contrast_is_computed_rightly():
    assert contrast([1, 1, 1], [0, 0, 0]) == pytest.approx(21)
    assert contrast(channels("#777777"), [1, 1, 1]) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "surface", "sunken"])
@pytest.mark.parametrize("text", ["ink", "muted", "water", "water-ink"])
def test_text_on_every_ground(theme, ground, text):
    assert contrast(channels(TOKENS[text][theme]), channels(TOKENS[ground][theme])) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"), [("on-water", "water"), ("on-vermilion", "vermilion"), ("on-water", "water-ink")]
)
def test_text_on_buttons(theme, text, ground):
    assert contrast(channels(TOKENS[text][theme]), channels(TOKENS[ground][theme])) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "surface"])
@pytest.mark.parametrize("tone", TONES)
def test_badges(theme, ground, tone):
    tinted = over(TOKENS[tone][theme], TOKENS[ground][theme], TINT[tone])
    assert contrast(channels(TOKENS[f"{tone}-ink"][theme]), tinted) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", ["words", "meaning", "place", "stage"])
def test_parts_of_a_score_stand_out_from_the_card(theme, part):
    # WCAG 1.4.11, graphics: 3 : 1, or told otherwise; here also by order and words
    assert contrast(channels(TOKENS[f"score-{part}"][theme]), channels(TOKENS["surface"][theme])) >= 2.9


def test_the_document_lists_the_tokens_as_they_are():
    text = (ROOT / "docs/design.md").read_text()
    rows = re.findall(r"\| `--lq-([a-z-]+)` \| `(#[0-9A-F]{6})` \| `(#[0-9A-F]{6})` \|", text)
    assert len(rows) == 11
    for name, light, dark in rows:
        assert TOKENS[name] == {"light": light.lower(), "dark": dark.lower()}
