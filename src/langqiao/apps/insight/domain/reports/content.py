"""What a report says, as one plain document: the ground of digests, exports and comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from langqiao.apps.insight.domain.reports.pinning import digest
from langqiao.apps.insight.models.reports import Report, Section


def section_content(section: Section) -> dict[str, Any]:
    """A section with its data and result."""
    return {
        "key": str(section.key),
        "kind": section.kind,
        "heading": section.heading,
        "text": section.text,
        "choice": section.choice,
        "pinned": section.pinned,
        "result": section.result,
        "data_sm3": section.pinned_digest,
        "figures_sm3": section.result_digest,
    }


def content(report: Report, sections: Iterable[Section]) -> dict[str, Any]:
    """All that the document says."""
    return {
        "case": report.case,
        "series": str(report.series),
        "version": report.version,
        "title": report.title,
        "summary": report.summary,
        "author": report.author,
        "organisation": report.organisation_name or report.organisation.name,
        "illustrative": report.illustrative,
        "published_at": report.published_at.isoformat(timespec="seconds") if report.published_at else "",
        "sections": [section_content(section) for section in sections],
    }


def figures_digest(sections: Sequence[Section]) -> str:
    """SM3 over the digests of every section's data and figures, in order."""
    return digest({"sections": [[s.pinned_digest, s.result_digest] for s in sections]})


def document_digest(report: Report, sections: Sequence[Section]) -> str:
    """SM3 over all that the document says."""
    return digest(content(report, sections))
