"""Forms of the import pages: the file, then which column means what."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.exchange.kinds import ImportKind
from langqiao.apps.registry.exchange.mapping import checked_mapping, propose_mapping
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Table

SAMPLES, SAMPLE_CHARS = 3, 60
ACCEPT = ".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson,.json"


class UploadForm(forms.Form):
    """Which file, in which encoding."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV、TSV、XLSX、JSON Lines 或 JSON；编码自动识别（UTF-8、UTF-16、GB18030）。"),
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
    )
    encoding = forms.ChoiceField(
        label=_("文字编码"),
        required=False,
        choices=[
            ("", _("自动识别")), ("utf-8", "UTF-8"), ("gb18030", "GB18030（GBK）"), ("utf-16", "UTF-16"),
            ("big5", "Big5"),
        ],
    )  # fmt: skip


class MappingForm(forms.Form):
    """Kind, columns, values for every row, prefix of numeric ids.

    Fields ``column_0`` … stand for the file's headings in their order, ``given_<column>`` for a value
    that rows without one receive.
    """

    code_prefix = forms.CharField(
        label=_("编号前缀"),
        max_length=40,
        required=False,
        help_text=_("纯数字编号会加上它，如 csl:12，使不同来源互不相撞。"),
    )

    def __init__(self, table: Table, kind: ImportKind, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.table, self.kind = table, kind
        proposed = propose_mapping(kind, table.columns)
        choices = [("", _("不导入"))] + [
            (column.name, f"{column.label}{' *' if column.required else ''}") for column in kind.columns
        ]
        self.samples = self._samples()
        for place, header in enumerate(table.columns):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=header, choices=choices, required=False, initial=proposed.get(header, "")
            )
        for column in kind.columns:
            if not column.choices or not column.required:
                continue
            self.fields[f"given_{column.name}"] = forms.ChoiceField(
                label=column.label,
                choices=[("", _("按文件内容"))] + [(value, label) for value, label in column.choices],
                required=False,
                initial="" if column.name in proposed.values() else kind.defaults.get(column.name, ""),
                help_text=_("没有填写此项的行都用它。"),
            )
        if kind.publishes:
            self.fields["publish"] = forms.BooleanField(
                label=_("导入后直接发布"), required=False, help_text=_("不勾选则保存为草稿。")
            )

    def _samples(self) -> list[list[str]]:
        """The first values under each heading."""
        rows = list(islice(self.table.rows(tolerant=True), SAMPLES))
        return [[_short(row.values.get(header)) for row in rows] for header in self.table.columns]

    def heads(self) -> list[tuple[str, forms.BoundField, list[str]]]:
        """Heading, control and samples of each column of the file."""
        return [
            (header, self[f"column_{place}"], self.samples[place])
            for place, header in enumerate(self.table.columns)
        ]

    def others(self) -> list[forms.BoundField]:
        """The remaining fields."""
        return [self[name] for name in self.fields if not name.startswith("column_")]

    def clean(self) -> dict[str, Any]:
        """Check the mapping as the import will."""
        cleaned = super().clean() or {}
        self.mapping = {
            header: cleaned.get(f"column_{place}", "") for place, header in enumerate(self.table.columns)
        }
        self.constants = {
            name.removeprefix("given_"): value
            for name, value in cleaned.items()
            if name.startswith("given_") and value
        }
        try:
            checked_mapping(self.kind, self.table.columns, self.mapping, set(self.constants))
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from problem
        return cleaned


def _short(value: Any) -> str:
    text = "；".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
    text = " ".join(text.split())
    return text if len(text) <= SAMPLE_CHARS else text[:SAMPLE_CHARS] + "…"
