"""Cities, fields and records of the registry, saved straight to the database: no ledger entries."""

from __future__ import annotations

from itertools import count
from typing import Any

from langqiao.apps.registry.models import (
    Achievement,
    City,
    Facility,
    Field,
    Finance,
    Organisation,
    Person,
    Product,
    Programme,
    TalentDemand,
    Training,
)

_numbers = count(1)
_CITIES = {
    "songjiang": ("松江", "Songjiang", "上海", "310117", 31.0344, 121.2233, 1),
    "jiaxing": ("嘉兴", "Jiaxing", "浙江", "330400", 30.7522, 120.7500, 2),
    "hangzhou": ("杭州", "Hangzhou", "浙江", "330100", 30.2937, 120.1614, 3),
    "suzhou": ("苏州", "Suzhou", "江苏", "320500", 31.3041, 120.5954, 5),
    "hefei": ("合肥", "Hefei", "安徽", "340100", 31.8639, 117.2808, 9),
}
_FIELDS = {
    "ai": ("人工智能", "Artificial intelligence", 1),
    "materials": ("新材料", "New materials", 4),
    "biomed": ("生物医药", "Biomedicine", 7),
}


def make_city(slug: str = "songjiang") -> City:
    """One of five cities of the corridor, made once."""
    name, name_en, province, code, latitude, longitude, order = _CITIES[slug]
    return City.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name,
            "name_en": name_en,
            "province": province,
            "division_code": code,
            "latitude": latitude,
            "longitude": longitude,
            "order": order,
        },
    )[0]


def make_field(slug: str = "materials") -> Field:
    """One of three industry fields, made once."""
    name, name_en, order = _FIELDS[slug]
    return Field.objects.get_or_create(
        slug=slug, defaults={"name": name, "name_en": name_en, "order": order}
    )[0]


def _make(model: Any, values: dict[str, Any]) -> Any:
    many = {f.name: values.pop(f.name) for f in model._meta.many_to_many if f.name in values}
    record = model.objects.create(**values)
    for name, rows in many.items():
        getattr(record, name).set(rows)
    return record


def make_organisation(**values: Any) -> Organisation:
    """An enterprise in Songjiang unless said otherwise."""
    values = {"name": f"机构{next(_numbers)}", "kind": Organisation.Kind.ENTERPRISE, **values}
    if "city" not in values:
        values["city"] = make_city()
    return _make(Organisation, values)


def make_person(**values: Any) -> Person:
    """A person of no organisation unless given."""
    return _make(Person, {"name": f"专家{next(_numbers)}", **values})


def make_achievement(**values: Any) -> Achievement:
    """A technology of no owner unless given."""
    return _make(Achievement, {"title": f"成果{next(_numbers)}", "kind": "technology", **values})


def make_facility(**values: Any) -> Facility:
    """An instrument."""
    return _make(Facility, {"name": f"仪器{next(_numbers)}", "kind": "instrument", **values})


def make_finance(**values: Any) -> Finance:
    """A fund."""
    return _make(Finance, {"name": f"基金{next(_numbers)}", "kind": "fund", **values})


def make_product(**values: Any) -> Product:
    """A product of a new enterprise unless given."""
    values = {"name": f"产品{next(_numbers)}", "direction": "product", **values}
    if "organisation" not in values:
        values["organisation"] = make_organisation()
    return _make(Product, values)


def make_talent_demand(**values: Any) -> TalentDemand:
    """A position in short supply."""
    return _make(TalentDemand, {"position": f"岗位{next(_numbers)}", "level": "缺", **values})


def make_training(**values: Any) -> Training:
    """A postdoctoral station."""
    return _make(Training, {"name": f"工作站{next(_numbers)}", "kind": "postdoctoral_station", **values})


def make_programme(**values: Any) -> Programme:
    """An alliance."""
    return _make(Programme, {"name": f"联盟{next(_numbers)}", "kind": "alliance", **values})
