"""kill -9 anywhere between submission and payment: no grant and no voucher is spent twice, no gang half placed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, connect

import pytest

from tests.apps.computing.spender import JOBS

ROOT = Path(__file__).resolve().parents[3]
SETUP = """
import django; django.setup()
from datetime import timedelta
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from tests.factories import computing as make
campus = make.make_campus()
make.make_server(make.make_rack(make.make_hall(make.make_building(campus))))
make.make_price(campus, yuan_hour=900_000)  # so that runs of an instant cost more than the vouchers
grant = make.make_grant(make.make_tenant(campus, gpu_milli=8000), gpus=8)
scheme = make.make_scheme(share_domestic=100, share_other=100)
for number in range(3):
    make.make_voucher(scheme, organisation=grant.tenant.organisation, amount=8)
"""


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "langqiao.web.settings",
        "LANGQIAO_DATA_DIR": str(folder),
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
        "DATABASE_URL": f"sqlite:///{folder / 'langqiao.sqlite3'}",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one campus, one grant of 1,000 GPU hours and three vouchers of eight yuan."""
    folder = tmp_path_factory.mktemp("ground")
    made = {**environment(folder), "DJANGO_SETTINGS_MODULE": "tests.unmigrated"}
    subprocess.run([sys.executable, "-c", SETUP], cwd=ROOT, env=made, check=True)
    return folder


def spend(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.apps.computing.spender"],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )


def one(database: Connection, query: str) -> int:
    return int(database.execute(query).fetchone()[0] or 0)


def check(folder: Path) -> dict[str, int]:
    """What must hold at every moment; the counts of what there is."""
    with closing(connect(folder / "langqiao.sqlite3")) as database:
        used, held = database.execute("select used_seconds, held_seconds from computing_grant").fetchone()
        open_jobs = "from computing_job where state in ('queued', 'running')"
        assert held == one(database, f"select sum(count * gpus * gpu_milli * estimate / 1000) {open_jobs}")
        rows = database.execute("select gpu_seconds from computing_usage").fetchall()
        assert used == sum(-int(-float(seconds) // 1) for (seconds,) in rows)
        assert used + held <= 1000 * 3600
        runs = "select count(*) from computing_job where state = 'done'"
        assert one(database, runs) == len(rows)
        half = database.execute(
            "select j.id from computing_job j left join computing_slot s on s.job_id = j.id group by j.id "
            "having coalesce(sum(s.milli), 0) != (j.state = 'running') * j.count * j.gpus * j.gpu_milli"
        )
        assert half.fetchall() == []
        over = database.execute(
            "select server_id, gpu from computing_slot group by server_id, gpu having sum(milli) > 1000"
        )
        assert over.fetchall() == []
        tokens = one(database, "select count(distinct token) from computing_job")
        assert tokens == one(database, "select count(*) from computing_job")
        wrong = database.execute(
            "select v.id from computing_voucher v left join computing_redemption r on r.voucher_id = v.id "
            "group by v.id having v.spent != coalesce(sum(r.amount), 0) or v.spent > v.amount"
        )
        assert wrong.fetchall() == []
        paid = one(database, "select coalesce(sum(by_voucher), 0) from computing_bill")
        assert paid == one(database, "select coalesce(sum(amount), 0) from computing_redemption")
        billed = one(database, "select count(*) from computing_usage where bill_id is not null")
        bills = one(database, "select count(*) from computing_bill")
        return {
            "jobs": tokens, "runs": len(rows), "billed": billed, "bills": bills, "paid": paid,
            "used": int(used), "held": int(held),
        }  # fmt: skip


def killed(folder: Path, *, lines: int, wait: float) -> None:
    """Run the spender and kill it a moment after a line of its output."""
    with spend(folder) as process:
        assert process.stdout is not None
        for _ in range(lines):
            if not process.stdout.readline():
                break
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    check(folder)


def finish(folder: Path) -> dict[str, int]:
    """Run the spender to its end, as often as it is called."""
    with spend(folder) as process:
        assert process.stdout is not None
        assert process.stdout.read().strip().endswith("all")
    assert process.returncode == 0
    return check(folder)


def trial(ground: Path, folder: Path, moments: list[tuple[int, float]]) -> None:
    shutil.copytree(ground, folder, dirs_exist_ok=True)
    for lines, wait in moments:
        killed(folder, lines=lines, wait=wait)
    found = finish(folder)
    assert (found["jobs"], found["runs"], found["billed"], found["bills"], found["held"]) == (
        JOBS, JOBS, JOBS, 1, 0,
    )  # fmt: skip
    assert found["paid"] == 15


@pytest.mark.slow
def test_a_killed_spender_spends_nothing_twice(ground: Path, tmp_path: Path) -> None:
    trial(ground, tmp_path, [(20, 0.01)])


@pytest.mark.slow
def test_kills_at_any_moment(ground: Path, tmp_path: Path) -> None:
    chance = random.Random(20_261_127)
    for number in range(6):
        moments = [(chance.randrange(1, 40), chance.random() * 0.05) for _ in range(6)]
        trial(ground, tmp_path / str(number), sorted(moments))
