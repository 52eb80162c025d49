"""What configures a call (征集的设置): every JSON column checked, one sentence a fault.

A sentence names the part, the item (counted from 1) and the key, so that whoever wrote the call in a
page, a preset or the API finds the place. What comes back is complete: defaults stand where nothing was
given, and other modules read keys without asking whether they are there.
"""

from __future__ import annotations

from langqiao.apps.verification.domain.layout.parts import (
    BOUNDED,
    COLUMNS,
    FIELD_KINDS,
    FIELDS_AT_MOST,
    HELP_AT_MOST,
    NAME_AT_MOST,
    NOTICE_DAYS,
    OPTIONS_AT_MOST,
    PROMISE_AT_MOST,
    SCORED,
    SECTIONS_AT_MOST,
    STEPS_AT_MOST,
    TEXT_KINDS,
    VALUE_AT_MOST,
    check_together,
    clean,
    panel_bounds,
    read_form,
    step_criteria,
    step_name,
)
from langqiao.apps.verification.domain.layout.readers import (
    KEY_AT_MOST,
    PARTS,
    ROWS_AT_MOST,
    Key,
    Reader,
    Row,
    Wrong,
    check_moment,
    is_plain,
    iso_day,
    one_of,
    read_row,
    text,
    whole,
)

__all__ = [
    "BOUNDED",
    "COLUMNS",
    "FIELDS_AT_MOST",
    "FIELD_KINDS",
    "HELP_AT_MOST",
    "KEY_AT_MOST",
    "NAME_AT_MOST",
    "NOTICE_DAYS",
    "OPTIONS_AT_MOST",
    "PARTS",
    "PROMISE_AT_MOST",
    "ROWS_AT_MOST",
    "SCORED",
    "SECTIONS_AT_MOST",
    "STEPS_AT_MOST",
    "TEXT_KINDS",
    "VALUE_AT_MOST",
    "Key",
    "Reader",
    "Row",
    "Wrong",
    "check_moment",
    "check_together",
    "clean",
    "is_plain",
    "iso_day",
    "one_of",
    "panel_bounds",
    "read_form",
    "read_row",
    "step_criteria",
    "step_name",
    "text",
    "whole",
]
