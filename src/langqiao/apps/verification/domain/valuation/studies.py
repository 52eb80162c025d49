"""From stored data to a study and its result, with refusals in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.domain.valuation.terms import refusal
from langqiao.apps.verification.models import Valuation
from langqiao.engines.valuation import (
    BadInput,
    MarketCase,
    Study,
    appraise,
    issue,
    result_data,
    study_from_data,
    to_data,
)
from langqiao.kit.refusals import Invalid, Refused


def read_study(data: Any, *, at: date) -> Study:
    """The study that ``data`` describes, valued at ``at``.

    Raises:
        Invalid: something is missing, wrong, or dated otherwise; ``field`` is the path to it.
    """
    try:
        study = study_from_data(data)
    except BadInput as bad:
        raise Invalid(refusal(bad), field=bad.field) from bad
    for number, weighted in enumerate(study.cases):
        case = weighted.case
        protection = getattr(case, "protection", None)
        dated = [case.at] if isinstance(case, MarketCase) else [protection.at] if protection else []
        if any(day != at for day in dated):
            raise Invalid(
                _("参数中的基准日与评估基准日不一致。"),
                mend=_("请把两处改为同一天。"),
                field=f"cases.{number}.case",
            )
    return study


def study_of(valuation: Valuation) -> Study:
    """The stored study.

    Raises:
        Refused: the inputs are not complete yet.
    """
    data = valuation.inputs.get("study")
    if data is None:
        raise Refused(_("估值参数还没有填完。"), mend=_("请先填写参数。"))
    return read_study(data, at=valuation.valuation_date)


def apply_study(valuation: Valuation, study: Study) -> None:
    """Put a study with its result and receipt on the valuation; the caller saves it."""
    appraisal = appraise(study)
    valuation.inputs = {"study": to_data(study)}
    valuation.result = result_data(appraisal)
    valuation.receipt = to_data(issue(study, appraisal))


def apply_unfinished(valuation: Valuation, typed: Mapping[str, list[str]]) -> None:
    """Keep what was typed while it is not complete; there is no result then."""
    valuation.inputs = {"form": {name: list(values) for name, values in typed.items()}}
    valuation.result, valuation.receipt = {}, {}
