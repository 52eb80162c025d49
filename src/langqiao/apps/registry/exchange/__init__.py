"""Tables in (导入): kinds register themselves, files are mapped, tried and taken over in one transaction.

The engine knows no kind by name. The registry's nine kinds are registered in :mod:`.offers`, other apps
register theirs from their own ``exchange`` module (floors: the registry imports no app above it).
"""

from langqiao.apps.registry.exchange.kinds import (
    Column,
    ImportKind,
    import_kind,
    import_kinds,
    register_kind,
)
from langqiao.apps.registry.exchange.mapping import detect_kind, propose_mapping
from langqiao.apps.registry.exchange.report import ImportReport, RowError
from langqiao.apps.registry.exchange.run import import_file

__all__ = [
    "Column",
    "ImportKind",
    "ImportReport",
    "RowError",
    "detect_kind",
    "import_file",
    "import_kind",
    "import_kinds",
    "propose_mapping",
    "register_kind",
]
