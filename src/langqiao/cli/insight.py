"""``langqiao insight …``: claims recomputed, panels read, the shipped figures loaded, values imported."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from langqiao.cli.shared import migrate, out, refusals, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.insight.domain.indicators import ImportReport
    from langqiao.engines.regional.panel import Panel

insight_app = typer.Typer(
    help="智库：指标、复算与面板 / the think tank: indicators, claims, panels", no_args_is_help=True
)
_AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
_SHOWN = 20


@insight_app.command("claims")
def claims_command(*, as_json: _AsJson = False) -> None:
    """Recompute what the corridor claims about its share of the nation."""
    setup()
    from langqiao.apps.insight.queries import claims

    with refusals():
        found = claims.findings()
    if as_json:
        print(json.dumps([claims.as_json(words, finding) for words, finding in found], ensure_ascii=False))
        return
    table = Table("id", "stated", "date", "recomputed", "verdict", "basis", "missing", box=None)
    for words, finding in found:
        table.add_row(
            words.claim.id,
            words.claim.stated,
            words.claim.date,
            claims.share_words(finding) or "—",
            str(finding.verdict),
            f"{finding.basis} ({finding.period})",
            ", ".join(finding.missing) or "—",
        )
    out.print(table)


@insight_app.command("panel")
def panel_command(
    file: Annotated[Path, typer.Argument(help="Tab-separated panel of provinces.")],
    *,
    as_json: _AsJson = False,
    load: Annotated[bool, typer.Option("--load", help="Take the figures over into the store.")] = False,
) -> None:
    """Read a panel, repair its damaged province names and report each repair."""
    from langqiao.engines.regional.panel import read_panel
    from langqiao.engines.regional.types import BadInput

    if not file.is_file():
        stop(f"no such file: {file}")
    try:
        panel = read_panel(file)
    except BadInput as refused:
        stop(refused)
    report = panel.to_json()
    if load:
        report["load"] = _load(panel)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    years = report["years"]
    span = f"{years[0]}–{years[-1]}" if years else "—"
    out.print(
        f"{report['read']} rows read, {report['kept']} kept, {len(report['set_aside'])} set aside, "
        f"{report['repaired']} names repaired; {report['provinces']} provinces, "
        f"{report['variables']} variables, {span}",
        highlight=False,
    )
    table = Table("from", "to", "rows", "why", box=None)
    for repair in panel.repairs:
        table.add_row(repair.wrong, repair.right, str(repair.count), repair.why)
    out.print(table)
    for row in panel.aside[:_SHOWN]:
        out.print(f"set aside, line {row.line}: {row.name} — {row.why}", highlight=False)
    if load:
        taken: dict[str, Any] = report["load"]
        taken["report"]["differences"] = taken["report"]["differences"][:_SHOWN]
        out.print(f"loaded: {taken}", highlight=False)


@insight_app.command("load")
def load_command(*, as_json: _AsJson = False) -> None:
    """Load the shipped indicators and figures; again and again the same."""
    setup()
    migrate()
    from langqiao.apps.insight.domain.loading import load_shipped

    with refusals():
        report = load_shipped()
    _tell(report, as_json=as_json)


@insight_app.command("snapshot")
def snapshot_command(*, as_json: _AsJson = False) -> None:
    """Enter today's number of registered achievements, products, finance and experts by city."""
    setup()
    migrate()
    from langqiao.apps.insight.domain.snapshots import take_snapshot

    with refusals():
        report = take_snapshot(None)
    _tell(report, as_json=as_json)


@insight_app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with one figure a row.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    accept_differences: Annotated[
        bool,
        typer.Option("--accept-differences", help="Write figures far from those already there, too."),
    ] = False,
    as_json: _AsJson = False,
) -> None:
    """Import figures; with a wrong row, or a difference not accepted, nothing is written."""
    if not file.is_file():
        stop(f"no such file: {file}")
    setup()
    migrate()
    from langqiao.apps.insight.domain.indicators import enter_values
    from langqiao.apps.insight.exchange import read_rows

    with refusals(), file.open("rb") as stream:
        report = enter_values(None, read_rows(stream), dry_run=dry_run, accept_differences=accept_differences)
    _tell(report, as_json=as_json)
    if report.wrong or not (report.written or dry_run):
        raise typer.Exit(1)


def _load(panel: Panel) -> dict[str, Any]:
    setup()
    migrate()
    from langqiao.apps.insight.domain.loading import load_panel

    with refusals():
        return asdict(load_panel(None, panel))


def _tell(report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(report), ensure_ascii=False))
        return
    done = "checked" if report.dry_run else "written" if report.written else "nothing written"
    out.print(
        f"{report.rows} rows: {report.created} new, {report.unchanged} unchanged, {report.wrong} wrong, "
        f"{report.differing} to be confirmed ({done})",
        highlight=False,
    )
    for error in [*report.errors[:_SHOWN], *report.differences[:_SHOWN]]:
        out.print(f"row {error.row}, {error.field or 'row'}: {error.why}", highlight=False)
