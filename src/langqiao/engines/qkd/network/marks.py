"""Which figures of a network file are published and which assumed: a figure without a mark is refused."""

from __future__ import annotations

from collections.abc import Mapping

from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.network.values import Table, table, text
from langqiao.engines.qkd.types import Input, Mark


class Marks:
    """The ``[marks]`` of a file, and the list of inputs that grows as figures are read.

    A figure ``field`` of ``group.name`` takes the first mark of ``group.name.field``, ``group.name``,
    ``group.field`` and ``group``.
    """

    def __init__(self, given: Table) -> None:
        self._marks: dict[str, Mark] = {}
        self.inputs: list[Input] = []
        for key, value in given.values.items():
            row = table(value, f"marks.{key}")
            row.only("status", "source")
            status = text(row, "status")
            if status not in {"published", "assumed"}:
                raise QkdError(
                    f"{row.where}: status must be published or assumed", kind="value", subjects=("status",)
                )
            self._marks[key] = Mark("published" if status == "published" else "assumed", text(row, "source"))

    def take(self, where: str, field: str, value: float | str, unit: str) -> None:
        """Note a figure with its mark.

        Raises:
            QkdError: nothing says whether it is published or assumed.
        """
        group = where.partition(".")[0]
        for key in (f"{where}.{field}", where, f"{group}.{field}", group):
            mark = self._marks.get(key)
            if mark is not None:
                self.inputs.append(Input(where, field, value, unit, mark.status, mark.source))
                return
        raise QkdError(
            f"{where}: nothing in [marks] says whether {field} is published or assumed",
            kind="mark", subjects=(where, field),
        )  # fmt: skip

    def of(self, where: str) -> Mapping[str, Mark]:
        """Field to mark of what was taken so far for one subject."""
        return {one.field: Mark(one.status, one.source) for one in self.inputs if one.subject == where}
