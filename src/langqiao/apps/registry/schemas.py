"""What the REST API says and takes of each kind of record; column names are those of the imports.

No ``from __future__ import annotations`` here: ninja's PatchDict copies annotations as they stand.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from ninja import Field, Schema


class Ref(Schema):
    """A reference to an organisation or a person."""

    id: int
    code: str | None
    name: str


class RecordOut(Schema):
    """What every record says: its address, and where it comes from."""

    id: int
    url: str
    code: str | None
    illustrative: bool = Field(description="示例：演示数据，非真实记录")
    source_name: str
    source_url: str
    source_date: dt.date | None
    updated_at: dt.datetime

    @staticmethod
    def resolve_url(record: Any) -> str:
        return str(record.get_absolute_url())


class _Placed(Schema):
    city: str | None = Field(None, description="城市代号")

    @staticmethod
    def resolve_city(record: Any) -> Any:
        return record.city_id


class _OneField(Schema):
    field: str | None = Field(None, description="产业领域代号")

    @staticmethod
    def resolve_field(record: Any) -> Any:
        return record.field_id


class _ManyFields(Schema):
    fields: list[str] = Field(description="产业领域代号")

    @staticmethod
    def resolve_fields(record: Any) -> list[str]:
        return [field.slug for field in record.fields.all()]


class OrganisationOut(RecordOut, _Placed, _ManyFields):
    """机构."""

    name: str
    name_en: str
    short_name: str
    kind: str
    credit_code: str | None
    description: str
    description_en: str
    website: str


class PersonOut(RecordOut, _Placed, _ManyFields):
    """专家."""

    name: str
    name_en: str
    title: str
    organisation: Ref | None
    expertise: list[str]
    bio: str


class AchievementOut(RecordOut, _Placed, _OneField):
    """成果."""

    kind: str
    title: str
    abstract: str
    keywords: list[str]
    discipline: str
    trl: int | None
    owner: Ref | None
    date: dt.date | None
    people: list[Ref]
    licence: str
    language: str

    @staticmethod
    def resolve_people(record: Any) -> list[Any]:
        return list(record.people.all())


class FacilityOut(RecordOut, _Placed, _ManyFields):
    """仪器设施."""

    name: str
    kind: str
    organisation: Ref | None
    description: str
    open_to: str
    fee: str


class FinanceOut(RecordOut, _ManyFields):
    """金融产品；金额以万元计."""

    name: str
    kind: str
    organisation: Ref | None
    cities: list[str]
    stages: list[str]
    amount_min: Decimal | None
    amount_max: Decimal | None
    description: str

    @staticmethod
    def resolve_cities(record: Any) -> list[str]:
        return [city.slug for city in record.cities.all()]


class TalentDemandOut(RecordOut, _Placed, _OneField):
    """人才需求."""

    organisation: Ref | None
    position: str
    number: int
    skills: list[str]
    level: str
    description: str


class TrainingOut(RecordOut, _Placed, _ManyFields):
    """人才培养."""

    name: str
    kind: str
    organisation: Ref | None
    places: int | None
    description: str


class ProductOut(RecordOut, _OneField):
    """产品与配套需求."""

    organisation: Ref
    name: str
    description: str
    direction: str
    tier: str
    chain: str


class FigureOut(Schema):
    """公布的数据，照原样."""

    label: str
    label_en: str = ""
    value: str
    unit: str = ""
    date: str = ""
    source_url: str = ""


class ProgrammeOut(RecordOut, _Placed, _ManyFields):
    """走廊专项."""

    name: str
    name_en: str
    kind: str
    date: str
    lead: Ref | None
    description: str
    description_en: str
    figures: list[FigureOut]


class CityOut(Schema):
    """城市."""

    slug: str
    name: str
    name_en: str
    province: str
    division_code: str
    latitude: float
    longitude: float


class SourceIn(Schema):
    """Columns that every record takes; a column left out is left as it is."""

    code: str | None = None
    illustrative: bool = False
    source_name: str = ""
    source_url: str = ""
    source_date: dt.date | None = None


class OrganisationIn(SourceIn):
    """登记机构."""

    name: str
    kind: str
    name_en: str = ""
    short_name: str = ""
    city: str | None = None
    credit_code: str | None = None
    fields: list[str] = []
    description: str = ""
    description_en: str = ""
    website: str = ""


class PersonIn(SourceIn):
    """登记专家；机构写编号或全称."""

    name: str
    name_en: str = ""
    title: str = ""
    organisation: str | None = None
    city: str | None = None
    fields: list[str] = []
    expertise: list[str] = []
    bio: str = ""


class AchievementIn(SourceIn):
    """登记成果；权属单位与完成人写编号或唯一的名称."""

    kind: str
    title: str
    abstract: str = ""
    keywords: list[str] = []
    field: str | None = None
    discipline: str = ""
    trl: int | None = None
    owner: str | None = None
    city: str | None = None
    date: dt.date | None = None
    people: list[str] = []
    licence: str = ""
    language: str = ""


class ProductIn(SourceIn):
    """登记产品或配套需求."""

    organisation: str
    name: str
    direction: str
    description: str = ""
    field: str | None = None
    tier: str = ""
    chain: str = ""
