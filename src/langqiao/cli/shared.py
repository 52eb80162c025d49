"""What the commands share: starting Django, progress bars, refusals as one line instead of a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unicodedata import category

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from langqiao.engines.matching.types import Progress as EngineProgress


def shown(text: object) -> str:
    """The text as a terminal may be given it: control characters and lone surrogates as escapes."""
    return "".join(
        one if one in "\n\t" or category(one) not in {"Cc", "Cs"} else one.encode("unicode_escape").decode()
        for one in str(text)
    )


class Plain(Console):
    """A console for which strings are text, in sentences and in the cells of tables.

    Names, identifiers and messages come from files and from people; a bracket in them is no markup, a word
    between colons no emoji. What is to have colour is given as a ``Text`` or a ``style``.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text, fit for a terminal."""
        return super().render_str(shown(text), **options)


out = Plain()
err = Plain(stderr=True)


def setup() -> None:
    """Start Django once; commands that only print help never pay for it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def migrate() -> None:
    """Bring the database to the current schema and load the corridor's cities and fields."""
    from django.core.management import call_command

    from langqiao.apps.registry.domain import load_corridor

    call_command("migrate", verbosity=0, interactive=False)
    load_corridor(None)


@contextmanager
def progress_bar() -> Iterator[Callable[[EngineProgress], None]]:
    """A progress bar on standard error fed by the engines' and imports' progress reports."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(report: EngineProgress) -> None:
            if report.stage not in tasks:
                tasks[report.stage] = bars.add_task(report.stage, total=report.total or None)
            bars.update(tasks[report.stage], completed=report.done, total=report.total or None)

        yield show


def stop(why: object, *, code: int = 1) -> None:
    """End with a message instead of a traceback."""
    err.print(Text.assemble(("✗", "red"), f" {shown(why)}"), highlight=False)
    raise typer.Exit(code)


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal or an engine's complaint becomes one line and exit code 1."""
    from langqiao.engines.matching.types import MatchingError
    from langqiao.kit.refusals import Refused

    try:
        yield
    except Refused as refusal:
        place = "，".join(
            part for part in (f"第 {refusal.row} 行" if refusal.row else "", refusal.field) if part
        )
        stop(f"{place}：{refusal}" if place else str(refusal))
    except (MatchingError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
        stop(error)
