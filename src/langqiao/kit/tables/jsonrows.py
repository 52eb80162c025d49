"""JSON Lines and JSON arrays of objects, strict: no duplicate keys, no NaN, bounded depth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.checks import check_text, too_long, too_many_rows
from langqiao.kit.tables.types import Limits, Row

# A whole string, a bracket, or a quote that nothing closes.
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{\]}]|"', re.DOTALL)
_CHUNK = 1 << 16


class _Duplicate(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise _Duplicate(next(name for name in names if names.count(name) > 1))
    return found


def _constant(name: str) -> NoReturn:
    raise _NotANumber(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def read_lines(text: TextIO, *, limits: Limits, tolerant: bool = False) -> Iterator[Row]:
    """The rows of a JSON Lines file, one object a line; empty lines are passed over.

    Raises:
        Invalid: a line that is not one JSON object, named with its number.
    """
    number = rows = 0
    while line := text.readline(limits.row_chars + 1):
        number += 1
        if len(line) > limits.row_chars:
            raise too_long(row=number, field=_last_key(line), limit=limits.row_chars)
        if not (line := line.strip()):
            continue
        rows += 1
        if rows > limits.rows:
            raise too_many_rows(limits, row=number)
        try:
            yield Row(number, _object(line, number, limits))
        except Invalid as problem:
            if not tolerant:
                raise
            yield Row(number, {}, problem)


def read_array(text: TextIO, *, limits: Limits, tolerant: bool = False) -> Iterator[Row]:
    """The objects of one JSON array, read piece by piece; ``number`` counts them from 1.

    Raises:
        Invalid: not an array of objects, or broken at a named object.
    """
    buffer = _Buffer(text, limits)
    if buffer.peek() != "[":
        raise Invalid(
            _("JSON 文件的最外层应是数组。"), mend=_("请改为 [ {…}, {…} ]，或使用每行一个对象的 JSONL。")
        )
    buffer.drop(1)
    number = 0
    while (char := buffer.peek()) != "]":
        if number and char == ",":
            buffer.drop(1)
            char = buffer.peek()
        elif number:
            raise _bad_object(number + 1, _("对象之间缺少逗号"))
        if not char:
            raise _bad_object(number + 1, _("数组没有结束"))
        number += 1
        if number > limits.rows:
            raise too_many_rows(limits, row=number)
        raw = buffer.element(number)
        try:
            yield Row(number, _object(raw, number, limits))
        except Invalid as problem:
            if not tolerant:
                raise
            yield Row(number, {}, problem)
    buffer.drop(1)
    if buffer.peek():
        raise _bad_object(number, _("数组结束之后还有内容"))


class _Buffer:
    """A sliding window over the text of an array."""

    def __init__(self, text: TextIO, limits: Limits) -> None:
        self.text, self.limits, self.held = text, limits, ""

    def more(self) -> bool:
        piece = self.text.read(max(_CHUNK, len(self.held)))
        self.held += piece
        return bool(piece)

    def peek(self) -> str:
        while True:
            self.held = self.held.lstrip(" \t\r\n")
            if self.held:
                return self.held[0]
            if not self.more():
                return ""

    def drop(self, count: int) -> None:
        self.held = self.held[count:]

    def element(self, number: int) -> str:
        """Cut the next value off the window, by counting brackets outside of strings."""
        if self.peek() not in "{[":
            raise _bad_object(number, _("不是 JSON 对象"))
        while True:
            depth = 0
            for token in _TOKENS.finditer(self.held):
                if token[0] == '"':
                    break
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
                if depth == 0:
                    raw, self.held = self.held[: token.end()], self.held[token.end() :]
                    return raw
            if len(self.held) > self.limits.row_chars:
                raise too_long(row=number, field=_last_key(self.held), limit=self.limits.row_chars)
            if not self.more():
                raise _bad_object(number, _("对象没有结束"))


def _object(raw: str, number: int, limits: Limits) -> dict[str, Any]:
    if raw.count("{") + raw.count("[") > limits.depth and _depth(raw) > limits.depth:
        raise Invalid(
            _("第 %(row)d 行的 JSON 嵌套超过 %(limit)d 层。") % {"row": number, "limit": limits.depth},
            mend=_("请改为一层对象，列表用简单的数组表示。"),
            row=number,
        )
    try:
        value = _DECODER.decode(raw)
    except _Duplicate as error:
        name = str(error)
        raise Invalid(
            _("第 %(row)d 行的字段“%(name)s”出现两次。") % {"row": number, "name": name},
            mend=_("请删去其中一个。"),
            row=number,
            field=name,
        ) from None
    except _NotANumber as error:
        raise _bad_object(number, _("%(name)s 不是 JSON 数值") % {"name": error}) from None
    except json.JSONDecodeError as error:
        raise _bad_object(number, _("第 %(column)d 个字符处有误") % {"column": error.colno}) from None
    except (ValueError, RecursionError):  # a number of thousands of digits
        raise _bad_object(number, _("含有无法读取的数值")) from None
    if not isinstance(value, dict):
        raise Invalid(
            _("第 %(row)d 行不是 JSON 对象。") % {"row": number},
            mend=_("每一行应是一个 {…} 对象。"),
            row=number,
        )
    if len(value) > limits.columns:
        raise Invalid(
            _("第 %(row)d 行有 %(count)d 个字段，超过上限 %(limit)d 个。")
            % {"row": number, "count": len(value), "limit": limits.columns},
            row=number,
        )
    for name, part in value.items():
        check_text(name, row=number, field=name[:40], limits=limits)
        _check_value(part, number, name, limits)
    return value


def _check_value(value: Any, row: int, field: str, limits: Limits) -> None:
    if isinstance(value, str):
        check_text(value, row=row, field=field, limits=limits)
    elif isinstance(value, list):
        for part in value:
            _check_value(part, row, field, limits)
    elif isinstance(value, dict):
        for name, part in value.items():
            check_text(name, row=row, field=field, limits=limits)
            _check_value(part, row, field, limits)


def _depth(raw: str) -> int:
    depth = deepest = 0
    for token in _TOKENS.finditer(raw):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _last_key(raw: str) -> str:
    """The key whose value was being read when the text was cut off: the last short one."""
    found = ""
    for match in re.finditer(r'"([^"\\]{1,80})"\s*:', raw[:100_000]):
        found = match[1]
    return found


def _bad_object(number: int, what: str) -> Invalid:
    return Invalid(
        _("第 %(row)d 行不是有效的 JSON：%(what)s。") % {"row": number, "what": what},
        mend=_("请修正该行，或由导出程序重新生成文件。"),
        row=number,
    )
