"""Loading a data set of industry chains (导入产业链数据): read, link, write, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from langqiao.apps.alliances.domain.chains.writing import Progress, Proposals, write
from langqiao.apps.alliances.models.chains import ChainDataset, ChainProduct, ChainReport
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.signals import acted
from langqiao.engines.chains.link import Linker
from langqiao.engines.chains.place import Places, with_cities
from langqiao.engines.chains.read import read_product_chain
from langqiao.engines.chains.types import ChainData, ChainError
from langqiao.engines.sm.sm3 import Sm3
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

LINKED_AT_ONCE = 2000
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a data set comes from and how it is called."""

    slug: str
    name: str
    version: str
    source_name: str = ""
    source_url: str = ""
    source_date: date | None = None
    licence: str = ""
    may_be_passed_on: bool = False
    illustrative: bool = False
    is_public: bool = True


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: the data set, whether anything was written, and the report of every row."""

    dataset: ChainDataset
    written: bool
    report: Mapping[str, Any] = field(default_factory=dict)


def digest_of(files: Sequence[Path]) -> str:
    """SM3 over names and contents of files, in the order of their names."""
    hashed = Sm3()
    for path in sorted(files):
        hashed.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            while piece := stream.read(PIECE):
                hashed.update(piece)
    return hashed.hexdigest()


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def load_folder(
    actor: Any,
    folder: Path,
    *,
    origin: Origin,
    places: Places | None = None,
    told: Progress = silent,
    anew: bool = False,
) -> Loaded:
    """Load the seven tables of a product-chain folder (公司、产业、产品关系).

    The same files again change nothing; another version takes the place of the old one in one
    transaction, keeping decisions about links (产品归类) that still fit.

    Args:
        places: names of places beyond the nine cities, so that a firm elsewhere is told as such.
        anew: read and link even when the files are those already loaded.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
        Invalid: a file is missing or cannot be read; the message names file, row and column.
    """
    require(actor, "chains.load")
    if not folder.is_dir():
        raise Invalid(_("没有这个文件夹：%(name)s。") % {"name": folder.name}, field="folder")
    digest = digest_of([path for path in folder.iterdir() if path.suffix in {".tsv", ".jsonl"}])
    known = ChainDataset.objects.filter(slug=origin.slug).first()
    if known is not None and known.digest == digest and not anew:
        return Loaded(known, written=False, report=report_of(known))
    told(_("读取"), 0, 1)
    try:
        data, report = read_product_chain(folder)
    except ChainError as error:
        raise Invalid(str(error), row=error.row or None, field=error.field or error.file) from error
    told(_("读取"), 1, 1)
    data = with_cities(data, places or Places.built_in())
    told(_("产品归类"), 0, 1)
    proposals = propose(sorted(node_names(data)), product_names(data), told)
    return load_chain(
        actor, data, origin=origin, digest=digest, report=report.as_dict(), proposals=proposals, told=told,
        anew=anew,
    )  # fmt: skip


@transaction.atomic
def load_chain(
    actor: Any,
    data: ChainData,
    *,
    origin: Origin,
    digest: str,
    report: Mapping[str, Any],
    proposals: Proposals,
    base: ChainDataset | None = None,
    told: Progress = silent,
    anew: bool = False,
) -> Loaded:
    """Write a data set as it was read (导入产业链数据); the same digest again changes nothing.

    Args:
        digest: SM3 of the files.
        report: what became of every row, kept with the data set.
        proposals: product name → candidate nodes, best first.
        base: for a table of a few firms, the data set it is laid over.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
    """
    require(actor, "chains.load")
    dataset, made = ChainDataset.objects.select_for_update().get_or_create(
        slug=origin.slug, defaults={"loaded_at": timezone.now(), "base": base}
    )
    if not made and dataset.digest == digest and not anew:
        return Loaded(dataset, written=False, report=report_of(dataset))
    before = dataset.digest
    for name in (
        "name", "version", "source_name", "source_url", "source_date", "licence", "may_be_passed_on",
        "illustrative", "is_public",
    ):  # fmt: skip
        setattr(dataset, name, getattr(origin, name))
    dataset.digest, dataset.loaded_at = digest, timezone.now()
    dataset.revision += not made
    dataset.save()
    ChainReport.objects.update_or_create(dataset=dataset, defaults={"report": dict(report)})
    write(dataset, data, proposals, told)
    verb = "load_chain" if base is None else "load_chain_table"
    facts: dict[str, Any] = {"version": origin.version, "sm3": digest, **counts_of(dataset)}
    if before:
        facts["sm3_before"] = before
    if files := report.get("files"):
        facts["files"] = files
    record(
        actor,
        verb,
        dataset,
        data=facts,
        visibility=Visibility.PUBLIC if dataset.is_public else Visibility.PARTIES,
    )
    acted.send(ChainDataset, actor=actor, verb=verb, object=dataset)
    return Loaded(dataset, written=True, report=report)


def report_of(dataset: ChainDataset) -> Mapping[str, Any]:
    """What became of every row of the last load."""
    kept = ChainReport.objects.filter(dataset=dataset).values_list("report", flat=True).first()
    return kept or {}


def counts_of(dataset: ChainDataset) -> dict[str, int]:
    """How many rows of each kind a data set holds."""
    counts = {
        "industries": dataset.industries.count(),
        "nodes": dataset.nodes.count(),
        "relations": dataset.relations.count(),
        "firms": dataset.firms.count(),
        "products": ChainProduct.objects.filter(firm__dataset=dataset).count(),
        "names": dataset.links.count(),
        "linked": dataset.links.exclude(node=None).count(),
        "ties": dataset.ties.count(),
    }
    return {name: count for name, count in counts.items() if count}


def node_names(data: ChainData) -> set[str]:
    """Names of all nodes of the product graph."""
    return {name for relation in data.relations for name in (relation.head, relation.tail)}


def product_names(data: ChainData) -> list[str]:
    """Names of firms' products that are products, each once."""
    return sorted({made.product for made in data.makes if not made.is_balance})


@lru_cache(maxsize=2)
def linker(nodes: tuple[str, ...]) -> Linker:
    """The linker over these node names; building one takes seconds, so the last ones are kept."""
    return Linker.build(nodes)


def propose(nodes: Sequence[str], names: Sequence[str], told: Progress = silent) -> Proposals:
    """Candidate nodes of each product name, best first, by the matching engine.

    >>> propose([], ["轴承"])
    {'轴承': ()}
    """
    if not nodes:
        return dict.fromkeys(names, ())
    engine = linker(tuple(nodes))
    found: dict[str, Sequence[Any]] = {}
    for start in range(0, len(names), LINKED_AT_ONCE):
        part = list(names[start : start + LINKED_AT_ONCE])
        found.update(zip(part, engine.link(part), strict=True))
        told(_("产品归类"), start + len(part), len(names))
    return found
