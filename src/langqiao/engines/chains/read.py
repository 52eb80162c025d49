"""Read the tables of a product chain knowledge graph (产业链知识图谱): seven files, no row unaccounted for.

The files are tab-separated with a heading; a quotation mark is an ordinary character in them. Company codes
come in two forms (301079 and 688268SH) and are brought to six digits. In ``industry_industry`` a 上游产业 row
between two codes names the parent industry; between two names it repeats, without its weight, what
``industry_up.jsonl`` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .names import is_balance
from .report import MENDED, Report, Tally, report_of
from .types import (
    ChainData,
    ChainError,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
    UpstreamIndustry,
)

COLUMNS: Final = {
    "company.tsv": ("code", "name", "fullname", "exchange", "listed"),
    "industry.tsv": ("code", "name"),
    "company_industry.tsv": ("company", "industry"),
    "company_product.tsv": ("company", "product", "revenue_share"),
    "industry_industry.tsv": ("head", "relation", "tail"),
    "product_product.tsv": ("head", "relation", "tail"),
}
UPSTREAM_FILE: Final = "industry_up.jsonl"
UPSTREAM: Final = "上游产业"

_CODE = re.compile(r"(\d{6})(?:SH|SZ|BJ)?", re.IGNORECASE)
_INDUSTRY = re.compile(r"\d{6}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def read_product_chain(folder: str | Path) -> tuple[ChainData, Report]:
    """Read the seven files of a folder.

    Raises:
        ChainError: a file is missing, is not UTF-8, or its heading is another one.
    """
    return _Reader(Path(folder)).read()


def firm_key(code: str) -> str:
    """The six digits of a company code, "" when it is none.

    >>> firm_key("688268SH"), firm_key("301079"), firm_key("6882")
    ('688268', '301079', '')
    """
    found = _CODE.fullmatch(code.strip())
    return found.group(1) if found else ""


def text_of(path: Path, encodings: tuple[str, ...] = ("utf-8-sig",)) -> str:
    """The text of a file.

    Raises:
        ChainError: it is missing or has none of the encodings; the message names the line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ChainError(
            f"读不到文件 {path.name}：{error.strerror} / cannot read {path.name}", file=path.name
        ) from error
    failure: UnicodeDecodeError | None = None
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            failure = error
    assert failure is not None
    row = raw.count(b"\n", 0, failure.start) + 1
    raise ChainError(
        f"{path.name} 第 {row} 行不是 UTF-8 文字 / line {row} of {path.name} is not UTF-8 text",
        file=path.name,
        row=row,
    )


class _Reader:
    """Collects firms and industries while the files are read one after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._firms: dict[str, Firm] = {}
        self._firm_rows: dict[str, int] = {}
        self._industries: dict[str, Industry] = {}
        self._industry_names: dict[str, str] = {}
        self._tallies: list[Tally] = []

    def read(self) -> tuple[ChainData, Report]:
        self._companies()
        self._industry_table()
        self._company_industries()
        makes = self._company_products()
        upstreams = self._upstreams()
        self._industry_relations(upstreams)
        relations = self._product_relations()
        data = ChainData(
            firms=tuple(self._firms.values()),
            industries=tuple(self._industries.values()),
            relations=relations,
            makes=makes,
            upstreams=tuple(
                UpstreamIndustry(industry, upstream, weight)
                for (industry, upstream), weight in upstreams.items()
            ),
        )
        return data, report_of(self._tallies)

    def _rows(self, file: str) -> Iterator[tuple[Tally, int, list[str]]]:
        """The rows with the right number of columns; others are refused."""
        tally = Tally(file)
        self._tallies.append(tally)
        columns = COLUMNS[file]
        lines = text_of(self._folder / file).split("\n")
        heading = tuple(lines[0].rstrip("\r").split("\t"))
        if heading != columns:
            raise ChainError(
                f"{file} 第 1 行的列名应为 {', '.join(columns)}，实为 {', '.join(heading)[:200]}"
                f" / the heading of {file} should be {', '.join(columns)}",
                file=file,
                row=1,
                field=columns[0],
            )
        for row, line in enumerate(lines[1:], 2):
            if not line and row == len(lines):
                break  # the end of the last line
            values = [value.strip() for value in line.rstrip("\r").split("\t")]
            if len(values) != len(columns):
                tally.refuse(row, columns[0], line, f"应有 {len(columns)} 列，实有 {len(values)} 列")
                continue
            empty = [name for name, value in zip(columns, values, strict=True) if not value]
            if empty and not (file == "company.tsv" and set(empty) <= {"exchange", "listed", "fullname"}):
                tally.refuse(row, empty[0], "", "该列为空")
                continue
            yield tally, row, values

    def _companies(self) -> None:
        for tally, row, (code, name, fullname, exchange, listed) in self._rows("company.tsv"):
            key = firm_key(code)
            if not key:
                tally.refuse(row, "code", code, "公司代码应为六位数字，可带 SH、SZ 或 BJ")
                continue
            if key in self._firms:
                self._merge(tally, row, key, name, fullname)
                continue
            is_exchange = not exchange or exchange.endswith("交易所")
            if not is_exchange:
                tally.note(row, "exchange", exchange, "不是交易所名称，已置空", outcome=MENDED)
            is_date = not listed or _DATE.fullmatch(listed) is not None
            if not is_date:
                tally.note(row, "listed", listed, "不是日期，已置空", outcome=MENDED)
            tally.keep()
            self._firm_rows[key] = row
            self._firms[key] = Firm(
                key,
                name,
                fullname,
                exchange=exchange if is_exchange else "",
                listed=listed if is_date else "",
            )

    def _merge(self, tally: Tally, row: int, key: str, name: str, fullname: str) -> None:
        """A code seen before: the first row counts, other names are kept beside it."""
        known = self._firms[key]
        names = {known.name, known.fullname, *known.other_names}
        new = tuple(text for text in dict.fromkeys((fullname, name)) if text and text not in names)
        self._firms[key] = _with(known, other_names=known.other_names + new)
        reason = f"代码已见于第 {self._firm_rows[key]} 行"
        tally.double(row, "code", key, f"{reason}，另一名称记为别名" if new else reason)

    def _industry_table(self) -> None:
        for tally, row, (code, name) in self._rows("industry.tsv"):
            if not _INDUSTRY.fullmatch(code):
                tally.refuse(row, "code", code, "行业代码应为六位数字")
            elif code in self._industries:
                tally.double(row, "code", code, "行业代码已有")
            else:
                tally.keep()
                self._industries[code] = Industry(code, name)
                self._industry_names.setdefault(name, code)

    def _company_industries(self) -> None:
        for tally, row, (company, industry) in self._rows("company_industry.tsv"):
            key = firm_key(company)
            if not key or not _INDUSTRY.fullmatch(industry):
                field = "industry" if key else "company"
                tally.refuse(row, field, industry if key else company, "代码应为六位数字")
                continue
            if industry not in self._industries:
                self._industries[industry] = Industry(industry, industry)
            if self._industries[industry].name == industry:
                tally.note(row, "industry", industry, "行业表中没有此代码，以代码为名保留")
            known = self._firm(tally, row, "company", key)
            if known.industry:
                tally.double(row, "company", company, "该公司已有行业")
                continue
            tally.keep()
            self._firms[key] = _with(known, industry=industry)

    def _company_products(self) -> tuple[FirmProduct, ...]:
        seen: dict[tuple[str, str, str], int] = {}
        makes: list[FirmProduct] = []
        for tally, row, (company, product, share) in self._rows("company_product.tsv"):
            key = firm_key(company)
            if not key:
                tally.refuse(row, "company", company, "公司代码应为六位数字，可带 SH、SZ 或 BJ")
            elif not _NUMBER.fullmatch(share):
                tally.refuse(row, "revenue_share", share, "收入占比应为数字")
            elif (first := seen.setdefault((key, product, share), row)) != row:
                tally.double(row, "product", product, f"与第 {first} 行相同")
            else:
                self._firm(tally, row, "company", key)
                tally.keep()
                makes.append(FirmProduct(key, product, float(share), is_balance=is_balance(product)))
        return tuple(makes)

    def _firm(self, tally: Tally, row: int, field: str, key: str) -> Firm:
        """The firm with a code, made from the code alone when the table of companies lacks it."""
        if key not in self._firms:
            self._firms[key] = Firm(key)
            tally.note(row, field, key, "公司表中没有此代码，以代码保留")
        return self._firms[key]

    def _upstreams(self) -> dict[tuple[str, str], float]:
        tally = Tally(UPSTREAM_FILE)
        self._tallies.append(tally)
        found: dict[tuple[str, str], float] = {}
        seen: dict[str, int] = {}
        for row, line in enumerate(text_of(self._folder / UPSTREAM_FILE).splitlines(), 1):
            try:
                record = json.loads(line)
                industry, ups = str(record["industry"]), dict(record["ups"])
                weights = {str(name): float(weight) for name, weight in ups.items()}
            except (ValueError, KeyError, TypeError):
                tally.refuse(row, "ups", line, "应为 {industry, ups: {行业: 权重}}")
                continue
            if (first := seen.setdefault(industry, row)) != row:
                tally.double(row, "industry", industry, f"行业已见于第 {first} 行")
                continue
            tally.keep()
            head = self._industry(tally, row, "industry", industry)
            for name, weight in weights.items():
                found[head, self._industry(tally, row, "ups", name)] = weight
        return found

    def _industry(self, tally: Tally, row: int, field: str, name: str) -> str:
        """The code of an industry by name; one that the table lacks keeps its name as its code."""
        code = self._industry_names.get(name)
        if code is None:
            code = self._industry_names[name] = name
            self._industries[name] = Industry(name, name)
            tally.note(row, field, name, "行业表中没有此名称，以名称为代码保留")
        return code

    def _industry_relations(self, upstreams: dict[tuple[str, str], float]) -> None:
        for tally, row, (head, relation, tail) in self._rows("industry_industry.tsv"):
            if relation != UPSTREAM:
                tally.refuse(row, "relation", relation, f"关系应为 {UPSTREAM}")
            elif head in self._industries and tail in self._industries and _INDUSTRY.fullmatch(head):
                if self._industries[head].parent:
                    tally.double(row, "head", head, "该行业已有上级行业")
                    continue
                tally.keep()
                known = self._industries[head]
                self._industries[head] = Industry(known.code, known.name, tail)
            else:
                pair = (self._industry(tally, row, "head", head), self._industry(tally, row, "tail", tail))
                if pair in upstreams:
                    tally.double(row, "tail", tail, f"{UPSTREAM_FILE} 已带权重给出")
                else:
                    tally.keep()
                    upstreams[pair] = 1.0

    def _product_relations(self) -> tuple[ProductRelation, ...]:
        known = {relation.value: relation for relation in Relation}
        seen: dict[tuple[str, str, str], int] = {}
        relations: list[ProductRelation] = []
        for tally, row, (head, relation, tail) in self._rows("product_product.tsv"):
            if relation not in known:
                tally.refuse(row, "relation", relation, f"关系应为 {'、'.join(known)}")
            elif (first := seen.setdefault((head, relation, tail), row)) != row:
                tally.double(row, "tail", tail, f"与第 {first} 行相同")
            else:
                tally.keep()
                if head == tail:
                    tally.note(row, "tail", tail, "产品指向自己，图中不成边")
                relations.append(ProductRelation(head, known[relation], tail))
        return tuple(relations)


def _with(firm: Firm, *, industry: str | None = None, other_names: tuple[str, ...] | None = None) -> Firm:
    return Firm(
        firm.key,
        firm.name,
        firm.fullname,
        firm.city,
        firm.decided,
        firm.place,
        firm.industry if industry is None else industry,
        firm.exchange,
        firm.listed,
        firm.other_names if other_names is None else other_names,
    )
