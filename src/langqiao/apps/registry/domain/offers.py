"""Verbs of what organisations offer and firms make: facilities, finance, products."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Unpack

from langqiao.apps.registry.domain import records
from langqiao.apps.registry.domain.kinds import FACILITIES, FINANCE, PRODUCTS
from langqiao.apps.registry.domain.organisations import SourceDetails
from langqiao.apps.registry.models import City, Facility, Field, Finance, Organisation, Product


class FacilityDetails(SourceDetails, total=False):
    """Columns of a facility."""

    organisation: Organisation | str | None
    city: City | str | None
    description: str
    fields: list[Field | str] | str
    open_to: str
    fee: str


class FacilityChanges(FacilityDetails, total=False):
    """What a revision may change."""

    name: str
    kind: str


def add_facility(actor: Any, *, name: str, kind: str, **details: Unpack[FacilityDetails]) -> Facility:
    """Register a facility or instrument (登记仪器设施).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(actor, FACILITIES, {"name": name, "kind": kind, **details})
    assert isinstance(added, Facility)
    return added


def revise_facility(actor: Any, facility: Facility, **changes: Unpack[FacilityChanges]) -> Facility:
    """Change a facility or instrument (修改仪器设施).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, facility, changes)
    assert isinstance(revised, Facility)
    return revised


def retire_facility(actor: Any, facility: Facility, *, why: str) -> Facility:
    """Retire a facility or instrument (注销仪器设施).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, facility, why=why)
    assert isinstance(retired, Facility)
    return retired


class FinanceDetails(SourceDetails, total=False):
    """Columns of a financial product; amounts in 万元, no city or field means all."""

    organisation: Organisation | str | None
    cities: list[City | str] | str
    fields: list[Field | str] | str
    stages: list[str] | str
    amount_min: Decimal | float | str | None
    amount_max: Decimal | float | str | None
    description: str


class FinanceChanges(FinanceDetails, total=False):
    """What a revision may change."""

    name: str
    kind: str


def add_finance(actor: Any, *, name: str, kind: str, **details: Unpack[FinanceDetails]) -> Finance:
    """Register a fund, voucher, loan or grant (登记金融产品).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(actor, FINANCE, {"name": name, "kind": kind, **details})
    assert isinstance(added, Finance)
    return added


def revise_finance(actor: Any, finance: Finance, **changes: Unpack[FinanceChanges]) -> Finance:
    """Change a fund, voucher, loan or grant (修改金融产品).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, finance, changes)
    assert isinstance(revised, Finance)
    return revised


def retire_finance(actor: Any, finance: Finance, *, why: str) -> Finance:
    """Retire a fund, voucher, loan or grant (注销金融产品).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, finance, why=why)
    assert isinstance(retired, Finance)
    return retired


class ProductDetails(SourceDetails, total=False):
    """Columns of a product or need."""

    description: str
    field: Field | str | None
    tier: str
    chain: str


class ProductChanges(ProductDetails, total=False):
    """What a revision may change."""

    organisation: Organisation | str
    name: str
    direction: str


def add_product(
    actor: Any,
    *,
    organisation: Organisation | str,
    name: str,
    direction: str,
    **details: Unpack[ProductDetails],
) -> Product:
    """Register what a firm makes or needs (登记产品与配套需求).

    Raises:
        NotAllowed: the actor may not for this organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    added = records.add(
        actor, PRODUCTS, {"organisation": organisation, "name": name, "direction": direction, **details}
    )
    assert isinstance(added, Product)
    return added


def revise_product(actor: Any, product: Product, **changes: Unpack[ProductChanges]) -> Product:
    """Change what a firm makes or needs (修改产品与配套需求).

    Raises:
        NotAllowed: the actor may not for its organisation, as it was or as it would be.
        Invalid: a value is missing, wrong or taken; ``field`` names the column.
    """
    revised = records.revise(actor, product, changes)
    assert isinstance(revised, Product)
    return revised


def retire_product(actor: Any, product: Product, *, why: str) -> Product:
    """Retire what a firm makes or needs (注销产品与配套需求).

    Raises:
        NotAllowed: only the office may.
        Invalid: no reason is given.
    """
    retired = records.retire(actor, product, why=why)
    assert isinstance(retired, Product)
    return retired
