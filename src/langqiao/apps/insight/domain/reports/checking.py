"""Running a report again (重算): on its own pinned data, where every figure must come out the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from langqiao.apps.insight.domain.reports.pinning import digest
from langqiao.apps.insight.domain.reports.running import result_digest
from langqiao.apps.insight.domain.reports.writing import computed
from langqiao.apps.insight.models.reports import Section


@dataclass(frozen=True, slots=True)
class Check:
    """A section run again: whether its data are those it was pinned to, and its figures the same."""

    section: Section
    data_hold: bool
    figures_hold: bool
    data_sm3: str
    figures_sm3: str

    @property
    def holds(self) -> bool:
        """Whether both do."""
        return self.data_hold and self.figures_hold


def check_again(sections: Iterable[Section]) -> list[Check]:
    """Run every section that has figures again on the data pinned in it; nothing is written.

    Raises:
        Invalid: pinned data were altered so that the method no longer runs on them.
    """
    checks = []
    for section in sections:
        if section.kind == Section.Kind.TEXT:
            continue
        data = digest(section.pinned)
        figures = result_digest(computed(section))
        checks.append(
            Check(section, data == section.pinned_digest, figures == section.result_digest, data, figures)
        )
    return checks
