"""Key figures of the corridor for the wall and the front page, each with its source and its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from langqiao.apps.insight import shown_words
from langqiao.apps.insight.models import Value
from langqiao.apps.insight.models.indicators import CORRIDOR
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries.indicators import live_values, rank
from langqiao.engines.regional.claims import Basis, Finding, Part, Verdict
from langqiao.kit.keyfigures import KeyFigure
from langqiao.kit.words import named

# Indicators whose newest figure of the whole corridor is shown, in this order.
_SHOWN = ("rd_intensity", "alliances", "parks", "verification_centres", "high_tech_firms", "population")


def key_figures() -> Iterator[KeyFigure]:
    """Shares of the nation that were reproduced, then the corridor's newest totals."""
    for words, finding in claims.findings():
        if finding.verdict is Verdict.REPRODUCED:
            yield KeyFigure(
                words.name,
                claims.share_words(finding),
                "",
                finding.period,
                _source(finding),
                f"{reverse('claim_list')}#{words.claim.id}",
            )
    newest = _newest()
    for slug in _SHOWN:
        value = newest.get(slug)
        if value is not None:
            yield KeyFigure(
                named(value.indicator),
                _plain(shown_words.scaled(value.value, value.unit)),
                shown_words.unit(value.unit),
                value.period,
                shown_words.source(value.source_name),
                value.get_absolute_url(),
            )


def _source(finding: Finding) -> str:
    """Where a share comes from; a review by hand says so, its pages stand on the claim's own page."""
    if finding.numerator_from is Part.UNPROVEN:
        return _("项目复核，部分数值未核实")
    if finding.basis is Basis.REVIEW:
        return _("项目复核，未全部列入指标库")
    return shown_words.source(finding.used[-1].source.text)


def _newest() -> dict[str, Value]:
    found: dict[str, Value] = {}
    wanted = live_values().filter(indicator__in=_SHOWN, scope_kind=CORRIDOR, illustrative=False)
    for value in sorted(wanted, key=lambda value: (value.period, *(-part for part in rank(value)))):
        found[str(value.indicator_id)] = value
    return found


def _plain(value: Decimal) -> Decimal:
    """The figure without idle zeros."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
