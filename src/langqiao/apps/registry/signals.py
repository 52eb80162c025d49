"""Signals that apps share (house.md, floors, rule 3).

``acted``: a domain verb changed a record, sent inside its transaction with ``actor``, ``verb`` and
``object``. Receivers that do slow work defer it with ``transaction.on_commit``.
"""

from __future__ import annotations

from django.dispatch import Signal

acted = Signal()
