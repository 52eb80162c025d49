"""From OpenAlex's objects to rows of the registry."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langqiao.apps.registry.models import Organisation

SOURCE = "OpenAlex"
ABSTRACT_WORDS = 20_000
AUTHORS = 100  # the API lists no more
_ID = re.compile(r"(?:https?://openalex\.org/)?([WIA]\d{1,19})", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_CJK = re.compile(r"[㐀-鿿]")
_CJK_GAP = re.compile(r"(?<=[㐀-鿿，。；：、！？（）“”]) +(?=[㐀-鿿，。；：、！？（）“”])")
Row = dict[str, Any]

# Types of ROR, which OpenAlex uses, and ours.
KINDS: Mapping[str, str] = {
    "education": Organisation.Kind.UNIVERSITY,
    "healthcare": Organisation.Kind.HOSPITAL,
    "company": Organisation.Kind.ENTERPRISE,
    "government": Organisation.Kind.GOVERNMENT,
    "nonprofit": Organisation.Kind.FOUNDATION,
    "funder": Organisation.Kind.FOUNDATION,
    "facility": Organisation.Kind.INSTITUTE,
    "archive": Organisation.Kind.INSTITUTE,
    "other": Organisation.Kind.INSTITUTE,
}


@dataclass(frozen=True, slots=True)
class WorkRows:
    """What one work says: the paper, its authors, their institutions; references are codes."""

    achievement: Row
    people: list[Row] = field(default_factory=list)
    organisations: list[Row] = field(default_factory=list)


def short_id(value: Any) -> str:
    """``W123`` of an OpenAlex address, empty when it is none.

    >>> short_id("https://openalex.org/W2741809807")
    'W2741809807'
    """
    match = _ID.fullmatch(str(value or "").strip())
    return match[1].upper() if match else ""


def code_of(value: Any) -> str:
    """The registry's code of an OpenAlex address, empty when it is none."""
    found = short_id(value)
    return f"openalex:{found}" if found else ""


def abstract_of(index: Any) -> str:
    """Plain text of an ``abstract_inverted_index``: word → its places.

    >>> abstract_of({"flows": [1], "Water": [0], "down": [2]})
    'Water flows down'
    """
    if not isinstance(index, Mapping):
        return ""
    placed = {
        place: str(word)
        for word, places in index.items()
        if isinstance(places, list)
        for place in places
        if isinstance(place, int) and 0 <= place < ABSTRACT_WORDS
    }
    return plain_text(" ".join(placed[place] for place in sorted(placed)))


def plain_text(value: Any) -> str:
    """Text without mark-up, on one line; no gaps between Chinese characters."""
    text = " ".join(_TAG.sub("", html.unescape(str(value or ""))).split())
    return _CJK_GAP.sub("", text)


def work_rows(work: Mapping[str, Any]) -> WorkRows | None:
    """Rows of a work; None without id."""
    code = code_of(work.get("id"))
    if not code:
        return None
    people: dict[str, Row] = {}
    organisations: dict[str, Row] = {}
    owner = ""
    for authorship in _objects(work.get("authorships"))[:AUTHORS]:
        places = [row for row in map(institution_row, _objects(authorship.get("institutions"))) if row]
        organisations.update({row["code"]: row for row in places})
        owner = owner or (places[0]["code"] if places else "")
        person = _person_row(authorship, places)
        if person:
            people.setdefault(person["code"], person)
    topic = work.get("primary_topic")
    field_of_topic = topic.get("field") if isinstance(topic, Mapping) else None
    discipline = field_of_topic.get("display_name") if isinstance(field_of_topic, Mapping) else ""
    achievement: Row = {
        "code": code,
        "kind": "paper",
        "title": plain_text(work.get("display_name") or work.get("title"))[:500],
        "abstract": abstract_of(work.get("abstract_inverted_index")),
        "keywords": [plain_text(k.get("display_name")) for k in _objects(work.get("keywords"))][:50],
        "discipline": str(discipline or "")[:80],
        "owner": owner,
        "date": str(work.get("publication_date") or ""),
        "people": list(people),
        "language": str(work.get("language") or "")[:10],
    }
    return WorkRows(achievement | _source(work), list(people.values()), list(organisations.values()))


def _person_row(authorship: Mapping[str, Any], places: list[Row]) -> Row | None:
    author = authorship.get("author")
    if not isinstance(author, Mapping) or not (code := code_of(author.get("id"))):
        return None
    name = plain_text(author.get("display_name") or authorship.get("raw_author_name"))[:80]
    if not name:
        return None
    return {
        "code": code,
        "name": name,
        "organisation": places[0]["code"] if places else "",
        **_source(author),
    }


def institution_row(institution: Mapping[str, Any]) -> Row | None:
    """Row of an institution, whole or as it stands in an authorship; None without id or name."""
    code, english = code_of(institution.get("id")), plain_text(institution.get("display_name"))[:200]
    if not code or not english:
        return None
    geo = institution.get("geo")
    return {
        "code": code,
        "name": _chinese_name(institution)[:200] or english,
        "name_en": english,
        "kind": KINDS.get(str(institution.get("type") or "").lower(), Organisation.Kind.INSTITUTE),
        "city": str(geo.get("city") or "") if isinstance(geo, Mapping) else "",
        "website": str(institution.get("homepage_url") or ""),
        **_source(institution),
    }


def _chinese_name(institution: Mapping[str, Any]) -> str:
    international = institution.get("international")
    names = international.get("display_name") if isinstance(international, Mapping) else None
    if isinstance(names, Mapping):
        for language in ("zh-hans", "zh-cn", "zh"):
            if name := plain_text(names.get(language)):
                return name
    others = institution.get("display_name_alternatives")
    chinese = (
        [plain_text(name) for name in others if _CJK.search(str(name))] if isinstance(others, list) else []
    )
    return max(chinese, key=len, default="")


def _source(thing: Mapping[str, Any]) -> Row:
    return {"source_name": SOURCE, "source_url": f"https://openalex.org/{short_id(thing.get('id'))}"}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    items: Iterable[Any] = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, Mapping)]
