"""The registry (名录): cities, organisations, people and what they offer or need."""

from __future__ import annotations

from langqiao.apps.registry.models.base import (
    CaseCounter,
    City,
    CurrentManager,
    Field,
    Readable,
    Retirable,
    Stage,
)
from langqiao.apps.registry.models.offers import (
    Facility,
    Finance,
    Product,
    Programme,
    TalentDemand,
    Training,
)
from langqiao.apps.registry.models.parties import (
    Achievement,
    Organisation,
    OrganisationName,
    OrganisationRole,
    Person,
)

__all__ = [
    "Achievement",
    "CaseCounter",
    "City",
    "CurrentManager",
    "Facility",
    "Field",
    "Finance",
    "Organisation",
    "OrganisationName",
    "OrganisationRole",
    "Person",
    "Product",
    "Programme",
    "Readable",
    "Retirable",
    "Stage",
    "TalentDemand",
    "Training",
]
