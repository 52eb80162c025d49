"""What the commands print, and the few lines between a command and the domain."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from langqiao.apps.accounts.domain import grant_membership
from langqiao.apps.accounts.models import Role, User
from langqiao.apps.challenges.matching import (
    Matches,
    Row,
    documents,
    follow,
    match_challenge,
    match_text,
    store,
)
from langqiao.apps.challenges.models import Challenge
from langqiao.apps.registry import exchange
from langqiao.apps.registry.exchange import ImportReport
from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.openalex import OpenAlex, OpenAlexReport, import_openalex
from langqiao.apps.registry.openalex.client import BASE
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import read_table

BAR_WIDTH = 12
ERRORS_SHOWN = 20
BAR_STYLES = {"words": "cyan", "meaning": "green", "place": "yellow", "stage": "magenta"}


def match_one(
    text: str, *, challenge: str, city: str, field: str, stage: str, limit: int
) -> tuple[Matches, str]:
    """The four panels of a text or of a stored challenge, and its title.

    Raises:
        Invalid: no text was given, or no such challenge exists.
    """
    if challenge:
        record = (
            Challenge.objects.filter(case=challenge).first()
            or Challenge.objects.filter(code=challenge).first()
        )
        if record is None:
            raise Invalid(
                f"没有编号为 {challenge} 的题目。", mend="请核对项目编号或导入编号。", field="challenge"
            )
        # The console stands beside the database: it has no role, so it matches on the public text.
        return match_challenge(record, viewer=None, limit=limit), record.title
    if not text.strip():
        raise Invalid("请写出技术难题。", mend='例：langqiao match "动力电池低温快充析锂"', field="text")
    return match_text(text, city=city, field=field, stage=stage, limit=limit), ""


def match_each(path: Path, *, limit: int, out: Console) -> None:
    """Match every row of a table; one JSON object a line, in the order of the rows."""
    for row in read_table(path):
        values = {name.lower(): value for name, value in row.values.items()}
        title = str(values.get("title") or values.get("题目") or "")
        text = str(values.get("content") or values.get("abstract") or values.get("详细内容") or title)
        matches = match_text(text, title=title, limit=limit)
        line = {"row": row.number, "id": values.get("id", "")} | as_dict(matches, title)
        out.file.write(json.dumps(line, ensure_ascii=False) + "\n")


def as_dict(matches: Matches, title: str) -> dict[str, Any]:
    """The matches as plain JSON: the same shape as the REST API's."""
    return {
        "title": title,
        "milliseconds": matches.milliseconds,
        "panels": {
            panel.slug: {
                "title": panel.title,
                "total": panel.total,
                "rows": [_row(row) for row in panel.rows],
                "related": [_row(row) for row in panel.related],
            }
            for panel in matches.panels
        },
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "kind": row.kind,
        "title": row.title,
        "organisation": row.organisation,
        "city": row.city.slug if row.city else None,
        "distance_km": None if row.distance_km is None else round(row.distance_km, 1),
        "score": row.score,
        "parts": {part.name: part.value for part in row.bar},
        "why": row.why,
        "terms": row.terms,
        "evidence": [{"title": item.title, "url": item.url} for item in row.evidence],
        "illustrative": row.illustrative,
    }


def print_matches(matches: Matches, title: str, out: Console) -> None:
    """Four tables, one a panel."""
    if title:
        out.print(title, style="bold", markup=False)
    if not matches.ready:
        out.print("索引还是空的。请先运行 langqiao demo 或 langqiao import … / the index is empty")
    for panel in matches.panels:
        table = Table(title=panel.title, title_justify="left", expand=True, show_edge=False, pad_edge=False)
        table.add_column("得分", no_wrap=True, width=BAR_WIDTH + 6, overflow="crop")
        table.add_column("城市", no_wrap=True, width=12)
        table.add_column("伙伴", ratio=4, overflow="fold")
        table.add_column("为什么", ratio=5, overflow="fold")
        for row in panel.rows:
            name = Text(row.title)
            if row.organisation:
                name.append(f"\n{row.organisation}", style="dim")
            table.add_row(_bar(row), _place(row), name, row.why)
        if not panel.rows:
            table.add_row("", "", "", panel.empty)
        out.print(table)
    out.print(f"用时 {matches.milliseconds} 毫秒 · 青 用词 绿 语义 黄 地点 紫 阶段", style="dim")


def _bar(row: Row) -> Text:
    bar = Text(f"{row.score:5.1f} ")
    for part in row.bar:
        bar.append("█" * max(1, round(BAR_WIDTH * part.percent / 100)), style=BAR_STYLES[part.name])
    return bar


def _place(row: Row) -> str:
    if row.city is None:
        return ""
    return row.city.name if row.distance_km is None else f"{row.city.name} {row.distance_km:.0f} km"


def add_user(
    username: str,
    *,
    password: str,
    role: str,
    organisation: str,
    name: str,
    email: str,
    manager: bool,
    admin: bool,
) -> User:
    """Make a user and, when asked, a membership.

    Raises:
        Invalid: the name is taken, the role or organisation unknown, or the password too weak.
    """
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    if User.objects.filter(username=username).exists():
        raise Invalid(f"用户名 {username} 已有人使用。", mend="请换一个用户名。", field="username")
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid("".join(error.messages), field="password") from error
    with transaction.atomic():
        user = User.objects.create_user(
            username, email, password, display_name=name, is_staff=admin, is_superuser=admin
        )
        if role:
            grant_membership(None, user, _organisation(organisation), _role(role), is_manager=manager)
    return user


def _role(role: str) -> Role:
    if role not in Role.values:
        raise Invalid(f"没有角色 {role}。", mend="可用：" + "、".join(Role.values), field="role")
    return Role(role)


def _organisation(name: str) -> Organisation:
    found = Organisation.objects.filter(code=name).first() or Organisation.objects.filter(name=name).first()
    if found is None:
        raise Invalid(f"没有机构 {name}。", mend="请先导入或登记该机构。", field="organisation")
    return found


def import_file(
    path: Path, *, progress: Callable[[Progress], None], mapping: list[str], **options: Any
) -> ImportReport:
    """Import a table from the console.

    Raises:
        Invalid: a mapping is not written as COLUMN=field, or the file cannot be used.
    """
    pairs = [pair.partition("=") for pair in mapping]
    if wrong := [heading for heading, sign, _field in pairs if not sign]:
        raise Invalid(f"列映射“{wrong[0]}”缺少等号。", mend="请写作 列名=字段。", field="map")
    return exchange.import_file(
        None,
        path,
        mapping={heading: field for heading, _sign, field in pairs},
        progress=lambda stage, done, total: progress(Progress(stage, done, total)),
        **options,
    )


def import_from_openalex(
    entity: str,
    *,
    base: str,
    mailto: str,
    progress: Callable[[Progress], None],
    **options: Any,
) -> OpenAlexReport:
    """Import from OpenAlex; the key comes from the environment, never from the command line.

    Raises:
        Invalid: the entity is unknown, or neither filter nor search is given.
        Refused: the API did not answer; what was read is kept and ``state`` goes on from there.
    """
    if entity not in ("works", "institutions"):
        raise Invalid(f"OpenAlex 没有“{entity}”这一类。", mend="可用：works、institutions。", field="entity")
    key = os.environ.get("LANGQIAO_OPENALEX_KEY", "")
    with OpenAlex(base=base or BASE, mailto=mailto, api_key=key) as client:
        return import_openalex(
            None,
            client,
            entity=entity,
            progress=lambda stage, done, total: progress(Progress(stage, done, total)),
            **options,
        )


def print_openalex(report: OpenAlexReport, out: Console) -> None:
    """What came from OpenAlex."""
    out.print(f"OpenAlex 共 {report.total} 条，本次读取 {report.read} 条，拒收 {report.refused} 条")
    for kind in report.created:
        out.print(
            f"  {kind}：新增 {report.created[kind]}，补全 {report.filled.get(kind, 0)}，"
            f"未变 {report.unchanged.get(kind, 0)}"
        )


def refresh_index(progress: Callable[[Progress], None]) -> None:
    """Bring the index to the ledger's head; train anew when the corpus has grown by a quarter."""
    trained, now = store.index().trained_on, documents.count()
    if now > 1.25 * trained:
        follow.rebuild(progress=progress)
    else:
        follow.catch_up(progress=progress)


def print_report(report: ImportReport, out: Console, *, as_json: bool) -> None:
    """What an import did, and the first rows that failed."""
    if as_json:
        out.file.write(json.dumps(report.as_dict(), ensure_ascii=False, default=str) + "\n")
        return
    done = "检查完毕，未写入" if report.dry_run else "已写入" if report.written else "未写入任何记录"
    out.print(
        f"{report.name}（{report.label}）{done}：读取 {report.rows} 行，新增 {report.created}，更新 "
        f"{report.changed}，未变 {report.unchanged}，有误 {report.failed}，用时 {report.seconds:.1f} 秒"
    )
    for warning in report.warnings[:ERRORS_SHOWN]:
        out.print(Text.assemble(("!", "yellow"), f" {warning}"))
    for error in report.errors[:ERRORS_SHOWN]:
        words = f" 第 {error.row} 行 {error.label}：{error.why}{error.mend}"
        out.print(Text.assemble(("✗", "red"), words))
    if report.failed > ERRORS_SHOWN:
        out.print(f"…… 另有 {report.failed - ERRORS_SHOWN} 行有误")
    if report.failed_file:
        out.print(f"有误的行已写入 {report.failed_file}，改正后可再次导入")
