"""The command line ``langqiao …``: thin, every command calls a domain function or an engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.alliances import alliances_app
from langqiao.cli.assign import assign
from langqiao.cli.calibrate import calibrate
from langqiao.cli.chains import chains_app
from langqiao.cli.chains_load import load as chains_load
from langqiao.cli.computing import computing_app
from langqiao.cli.eye import eye_app
from langqiao.cli.insight import insight_app
from langqiao.cli.kme import kme_app
from langqiao.cli.parks import parks_app
from langqiao.cli.prove import prove
from langqiao.cli.quantum import quantum_app
from langqiao.cli.seal import open_file, seal, seal_keys, seal_receipt
from langqiao.cli.select import select
from langqiao.cli.shared import migrate, out, progress_bar, refusals, setup, stop
from langqiao.cli.verification import conference_app, verification_app

app = typer.Typer(
    help="廊桥 Langqiao：科创走廊的一题四配。 One challenge, four matches.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
index_app = typer.Typer(help="检索索引 / the search index", no_args_is_help=True)
ledger_app = typer.Typer(help="台账 / the ledger", no_args_is_help=True)
user_app = typer.Typer(help="用户与角色 / users and roles", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(ledger_app, name="ledger")
app.add_typer(user_app, name="user")
app.add_typer(verification_app, name="verification")
app.add_typer(conference_app, name="conference")
app.add_typer(computing_app, name="computing")
app.add_typer(kme_app, name="kme")
app.add_typer(quantum_app, name="quantum")
app.add_typer(alliances_app, name="alliances")
app.add_typer(parks_app, name="parks")
app.add_typer(chains_app, name="chains")
app.add_typer(insight_app, name="insight")
app.add_typer(eye_app, name="eye")
chains_app.command("load")(chains_load)
ledger_app.command("prove")(prove)


@app.command()
def match(
    text: Annotated[
        str, typer.Argument(help="技术难题，- 表示从标准输入读取 / the problem, - reads standard input")
    ] = "",
    city: Annotated[str, typer.Option(help="企业所在城市代号 / slug of the firm's city")] = "",
    field: Annotated[str, typer.Option(help="产业领域代号 / slug of the industry")] = "",
    stage: Annotated[str, typer.Option(help="concept|prototype|pilot|production|growth")] = "",
    limit: Annotated[int, typer.Option(min=1, max=50, help="每栏条数 / rows a panel")] = 5,
    challenge: Annotated[
        str, typer.Option(help="按题目编号匹配 / match a stored challenge by its case number or code")
    ] = "",
    each: Annotated[
        Path | None, typer.Option(help="逐行匹配表格文件 / match every row of a table file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """一题四配：输入技术难题，看九城里谁能帮忙 / one problem, four kinds of partners."""
    setup()
    from langqiao.cli import terminal

    with refusals():
        if each is not None:
            terminal.match_each(each, limit=limit, out=out)
            return
        problem = sys.stdin.read() if text == "-" else text
        matches, title = terminal.match_one(
            problem, challenge=challenge, city=city, field=field, stage=stage, limit=limit
        )
        if as_json:
            print(json.dumps(terminal.as_dict(matches, title), ensure_ascii=False, indent=2))
        else:
            terminal.print_matches(matches, title, out)


@app.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(help="CSV、XLSX 或 JSON Lines 文件 / the file")],
    kind: Annotated[
        str, typer.Option(help="记录类型，缺省时自动识别 / kind of record, detected when left out")
    ] = "",
    prefix: Annotated[str, typer.Option(help="来源前缀，与行内 id 组成编号 / source prefix for ids")] = "",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="列映射 列名=字段 / COLUMN=field")
    ] = None,
    publish: Annotated[bool, typer.Option(help="题目导入后直接发布 / publish imported challenges")] = False,
    dry_run: Annotated[bool, typer.Option(help="只检查不写入 / check, write nothing")] = False,
    skip_errors: Annotated[bool, typer.Option(help="跳过有错的行 / import the good rows")] = False,
    encoding: Annotated[str, typer.Option(help="文字编码，缺省时自动识别 / detected when left out")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """导入题目、成果、机构、专家等 / import challenges, achievements, organisations, experts and more."""
    setup()
    from langqiao.cli import terminal

    with refusals(), progress_bar() as show:
        migrate()
        report = terminal.import_file(
            path, kind=kind, prefix=prefix, mapping=mapping or [],
            publish=publish, dry_run=dry_run, skip_errors=skip_errors, progress=show,
            encoding=encoding or None,
        )  # fmt: skip
        if report.written:
            terminal.refresh_index(show)
    terminal.print_report(report, out, as_json=as_json)
    if report.failed and not skip_errors:
        raise typer.Exit(1)


@app.command()
def openalex(
    entity: Annotated[str, typer.Argument(help="works|institutions")],
    filter_: Annotated[str, typer.Option("--filter", help="OpenAlex 过滤条件 / the API's filter")] = "",
    search: Annotated[str, typer.Option(help="检索词 / search words")] = "",
    limit: Annotated[int, typer.Option(min=1, help="最多条数 / results at most")] = 1000,
    state: Annotated[Path | None, typer.Option(help="断点文件，用于续传 / file to resume from")] = None,
    base: Annotated[str, typer.Option(help="接口地址 / address of the API")] = "",
    mailto: Annotated[str, typer.Option(envvar="LANGQIAO_OPENALEX_MAILTO", help="联系邮箱 / contact")] = "",
) -> None:
    """从 OpenAlex 取论文或机构 / papers or institutions from OpenAlex (key: LANGQIAO_OPENALEX_KEY)."""
    setup()
    from langqiao.cli import terminal

    with refusals(), progress_bar() as show:
        migrate()
        report = terminal.import_from_openalex(
            entity,
            filter=filter_,
            search=search,
            limit=limit,
            state=state,
            base=base,
            mailto=mailto,
            progress=show,
        )
        terminal.refresh_index(show)
    terminal.print_openalex(report, out)


@index_app.command("rebuild")
def index_rebuild(
    train: Annotated[bool, typer.Option(help="重新训练语义向量 / train the dense part anew")] = True,
) -> None:
    """重建索引 / build the index anew from the database."""
    setup()
    from langqiao.apps.challenges.matching import follow

    with refusals(), progress_bar() as show:
        migrate()
        number = follow.rebuild(train=train, progress=show)
    out.print(f"✓ 索引已重建：{number} 条记录 / {number} documents indexed")


@index_app.command("update")
def index_update() -> None:
    """跟上台账 / bring the index up to the ledger's head."""
    setup()
    from langqiao.apps.challenges.matching import follow

    with refusals(), progress_bar() as show:
        number = follow.catch_up(progress=show)
    out.print(f"✓ 更新 {number} 条 / {number} documents refreshed")


@index_app.command("status")
def index_status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """索引状态 / what the index holds."""
    setup()
    from langqiao.apps.challenges.matching import documents, store
    from langqiao.apps.ledger import queries as ledger

    with refusals():
        state = {
            "documents": documents.count(),
            "ledger": ledger.head()[0],
            "index": store.reached(),
            "folder": str(store.folder()),
        }
    if as_json:
        print(json.dumps(state, ensure_ascii=False))
    else:
        out.print(f"记录 {state['documents']} · 台账 #{state['ledger']} · 索引已到 #{state['index']}")


@ledger_app.command("verify")
def ledger_verify(
    expect: Annotated[
        str, typer.Option(help="以前记下的链尾 序号:摘要 / a head noted earlier, SEQUENCE:HASH")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """校验台账：逐条重算 SM3 链，指出第一处异常 / re-compute the chain and name the first fault."""
    setup()
    from langqiao.apps.ledger import queries

    head = None
    if expect:
        sequence, _sep, digest = expect.partition(":")
        if not sequence.isdigit() or len(digest) != 64:
            stop("链尾应写作 序号:64位摘要 / write the head as SEQUENCE:64-digit hash", code=2)
        head = (int(sequence), digest)
    result = queries.verify(expected_head=head)
    fault = result.fault
    if as_json:
        found = fault and {
            "sequence": fault.sequence,
            "kind": fault.kind,
            "expected": fault.expected,
            "found": fault.found,
        }
        print(
            json.dumps(
                {"entries": result.entries, "head": result.sequence, "hash": result.hash, "fault": found}
            )
        )
    elif fault is None:
        out.print(f"✓ 台账完整：{result.entries} 条，链尾 {result.sequence}:{result.hash}", soft_wrap=True)
    if fault is not None:
        kinds = {"changed": "被改动", "removed": "被删除", "inserted": "被插入", "reordered": "被换序"}
        stop(f"第 {fault.sequence} 条{kinds[fault.kind]} / entry {fault.sequence} was {fault.kind}", code=1)


@user_app.command("add")
def user_add(
    username: str,
    role: Annotated[str, typer.Option(help="office|liaison|enterprise|researcher|evaluator|…")] = "",
    organisation: Annotated[str, typer.Option(help="机构编号或名称 / organisation by code or name")] = "",
    name: Annotated[str, typer.Option(help="姓名 / display name")] = "",
    email: str = "",
    manager: Annotated[bool, typer.Option(help="机构管理员 / manages the organisation")] = False,
    admin: Annotated[bool, typer.Option(help="可进入管理后台 / may enter the admin")] = False,
) -> None:
    """新建用户并授予角色；口令在终端输入 / add a user with a role; the password is asked for."""
    setup()
    from langqiao.cli import terminal

    password = typer.prompt("口令 / password", hide_input=True, confirmation_prompt=True)
    with refusals():
        migrate()
        user = terminal.add_user(
            username, password=password, role=role, organisation=organisation, name=name, email=email,
            manager=manager, admin=admin,
        )  # fmt: skip
    out.print(f"✓ 用户 {user} 已建立 / user {user} added")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="监听地址 / address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="进程数 / processes")] = 2,
) -> None:
    """启动网站 / serve the site."""
    setup()
    migrate()
    from langqiao.web.server import run

    out.print(f"廊桥 Langqiao  http://{host}:{port}/   Ctrl+C 停止 / stops")
    run(host, port, workers)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="端口 / port")] = 8000,
    site: Annotated[
        bool, typer.Option("--serve/--no-serve", help="载入后启动网站 / serve afterwards")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 2,
) -> None:
    """载入示例走廊，打印一次匹配并启动网站 / load the demo corridor, print a match, serve the site."""
    setup()
    from langqiao.apps.insight.domain.loading import load_shipped
    from langqiao.apps.insight.domain.snapshots import take_snapshot
    from langqiao.cli import alliances_demo, chains_demo, computing_demo, eye_demo, quantum_demo, reports_demo
    from langqiao.cli import corridor_demo as demonstration

    with refusals():
        with progress_bar() as show:
            migrate()
            demonstration.load(progress=show)
            computing_demo.load(progress=show)
            quantum_demo.load(progress=show)
            alliances_demo.load(progress=show)
            chains_demo.load(progress=show)
            load_shipped()
            take_snapshot(None)
            reports_demo.load()
            eye_demo.load_flows()
        demonstration.print_sample(out)
        demonstration.print_accounts(out, (*demonstration.PEOPLE, *quantum_demo.PEOPLE))
    if site:
        from langqiao.web.server import run

        out.print(f"\n廊桥 Langqiao  http://127.0.0.1:{port}/   Ctrl+C 停止 / stops")
        run("127.0.0.1", port, workers)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def manage(context: typer.Context) -> None:
    """Django 管理命令 / any Django management command."""
    setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["langqiao manage", *context.args])


for command in (assign, calibrate, select, seal, seal_keys, seal_receipt):
    app.command()(command)
app.command("open")(open_file)


def main() -> None:
    """Entry point of the ``langqiao`` script."""
    app()
