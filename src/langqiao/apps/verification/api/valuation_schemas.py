"""What the REST API of valuation takes and gives.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from langqiao.apps.verification.models import Valuation

Key = Annotated[int, Field(ge=1, lt=2**63)]
CaseNumber = Annotated[str, Field(max_length=40)]


class ValuationNarrowIn(Schema):
    """Filters of the list."""

    state: Valuation.State | None = None
    achievement: Key | None = None
    case: CaseNumber = ""


class DraftIn(Schema):
    """A new valuation; ``study`` may follow later."""

    organisation: str = Field(description="Code or full name of the owner, for which the caller works.")
    title: str
    valuation_date: date
    purpose: str = ""
    achievement: Key | None = None
    centre: str = Field(
        "", description="Code or full name of the centre that appraises; empty for one's own."
    )
    case: CaseNumber = Field("", description="Number of the case that this continues; empty opens a new one.")
    study: dict[str, Any] | None = Field(
        None, description="The inputs as docs/engines/valuation.md describes them; shares are fractions."
    )


class RevisePatch(Schema):
    """What may be changed of a draft."""

    title: str
    valuation_date: date
    purpose: str
    achievement: Key | None = None
    centre: str
    study: dict[str, Any]


class ValuationWhyIn(Schema):
    """A reason."""

    why: str


class RangeOut(Schema):
    """P10, P50 and P90 in 万元."""

    low: float
    middle: float
    high: float


class ValuationOutlineOut(Schema):
    """A valuation in a list; ``range`` is null while its inputs are not complete."""

    id: int
    case: str
    title: str
    state: str
    organisation: int
    centre: int | None
    achievement: int | None
    purpose: str
    valuation_date: date
    range: RangeOut | None
    illustrative: bool
    finalised_at: datetime | None
    updated_at: datetime

    @staticmethod
    def resolve_organisation(row: Any) -> int:
        """The owner's number."""
        return int(row.organisation_id)

    @staticmethod
    def resolve_centre(row: Any) -> int | None:
        """The centre's number."""
        return row.centre_id  # type: ignore[no-any-return]  # a model's attribute

    @staticmethod
    def resolve_achievement(row: Any) -> int | None:
        """The achievement's number."""
        return row.achievement_id  # type: ignore[no-any-return]

    @staticmethod
    def resolve_range(row: Any) -> Any:
        """The reconciled range."""
        return row.result["whole"]["range"] if row.result else None


class ValuationOut(ValuationOutlineOut):
    """A valuation with its inputs, figures and receipt; all three are null or empty until it is complete."""

    why: str
    study: dict[str, Any] | None
    result: dict[str, Any]
    receipt: dict[str, Any]

    @staticmethod
    def resolve_study(row: Any) -> Any:
        """The inputs."""
        return row.inputs.get("study")


class RerunOut(Schema):
    """Whether a second run gives the inputs and the figures of the receipt."""

    inputs: bool
    result: bool
    versions: dict[str, str]


class ValuationFieldOut(Schema):
    """An input with a range: its key, terms, unit and limits."""

    key: str
    zh: str
    en: str
    unit: str
    lower: float
    upper: float
    lognormal: bool
