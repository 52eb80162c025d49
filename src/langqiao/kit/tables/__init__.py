"""Reading tables (CSV, TSV, XLSX, JSON Lines, JSON arrays) that strangers hand in.

Nothing here knows a database. Every fault is an :class:`~langqiao.kit.refusals.Invalid` that names the
row and, where it can be known, the column, and says how to mend the file. The formats are described
for users in ``docs/data-formats.md``.
"""

from langqiao.kit.tables.read import Table, open_table, read_table
from langqiao.kit.tables.types import Limits, Row

__all__ = ["Limits", "Row", "Table", "open_table", "read_table"]
