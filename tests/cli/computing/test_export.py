"""``langqiao computing export``: files for Kueue and Slurm, and one line for what is wrong."""

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli import app
from tests.factories import computing as make
from tests.factories.registry import make_city, make_organisation


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", "export", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def tenants(tmp_path):
    path = tmp_path / "tenants.csv"
    path.write_text("tenant,city,gpu_milli\nlab,songjiang,4000\n")
    return path


def test_kueue_and_slurm(tenants, tmp_path):
    nodes = tmp_path / "nodes.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\nn1,8000,64,8,A100\n")
    documents = run("kueue", "--tenants", tenants, "--nodes", nodes).stdout.split("---\n")[1:]
    assert {json.loads(document)["kind"] for document in documents} >= {
        "ClusterQueue",
        "Cohort",
        "LocalQueue",
    }
    run("slurm", "--tenants", tenants, "--out", tmp_path / "slurm.txt")
    assert "Account - 'lab'" in (tmp_path / "slurm.txt").read_text()


def test_what_is_wrong_is_one_line(tenants):
    assert "give the nodes" in run("kueue", "--tenants", tenants, code=1).stderr
    assert "slurm" in run("pbs", "--tenants", tenants, code=2).stderr
    run("slurm", "--tenants", tenants.parent / "none.csv", code=1)


@pytest.fixture
def campus(db):
    """Two tenants of Hefei with 8 and 4 GPUs, the second suspended, and a city quota of 6 and 2 borrowed."""
    campus = make.make_campus(grace_seconds=120)
    hefei = make_city("hefei")
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))), gpus=16, gpu_model="A100")
    lab = make_organisation(name="lab", city=hefei)
    firm = make_organisation(name="firm", city=hefei)
    make.make_tenant(campus, organisation=lab, gpu_milli=8000, borrow_milli=2000, weight=3)
    make.make_tenant(campus, organisation=firm, gpu_milli=4000, is_suspended=True)
    campus.city_quotas.create(city=hefei, gpu_milli=6000, borrow_milli=2000)
    return campus


def test_a_stored_campus_for_slurm(campus):
    found = run("slurm", "--campus", campus.pk).stdout
    assert found.endswith(f"""
# QOS: run before the associations are loaded
sacctmgr -i add qos lab-borrow set Priority=0 GrpTRES=gres/gpu=2 GraceTime=120
sacctmgr -i add qos firm-quota set Priority=1000 GrpTRES=gres/gpu=4 Preempt=lab-borrow
sacctmgr -i add qos lab-quota set Priority=1000 GrpTRES=gres/gpu=8 Preempt=lab-borrow

# sacctmgr load file=…
Cluster - 'campus-{campus.pk}':Fairshare=1
Parent - 'root'
Account - 'hefei':Description='hefei':Organization='hefei':Fairshare=400:GrpTRES=gres/gpu=8
Parent - 'hefei'
Account - 'firm':Description='firm':Organization='firm':Fairshare=100:GrpTRES=gres/gpu=4:GrpJobs=0:DefaultQOS='firm-quota':QOS='firm-quota'
Account - 'lab':Description='lab':Organization='lab':Fairshare=300:GrpTRES=gres/gpu=10:DefaultQOS='lab-quota':QOS='lab-quota,lab-borrow'
""")
    named = run("slurm", "--campus", campus.pk, "--corridor", "gpu1", "--grace", 5).stdout
    assert "Cluster - 'gpu1'" in named
    assert "GraceTime=5\n" in named


def test_a_stored_campus_for_kueue(campus, tmp_path):
    target = tmp_path / "kueue.yaml"
    assert "2 个租户" in run("kueue", "--campus", campus.pk, "--out", target).stderr
    documents = [json.loads(document) for document in target.read_text("utf-8").split("---\n")[1:]]
    by_name = {(one["kind"], one["metadata"]["name"]): one.get("spec") for one in documents}
    assert by_name["Cohort", f"campus-{campus.pk}"] == {
        "resourceGroups": [
            {
                "coveredResources": ["nvidia.com/gpu"],
                "flavors": [
                    {"name": "gpu-a100", "resources": [{"name": "nvidia.com/gpu", "nominalQuota": "10"}]}
                ],
            }
        ]
    }
    assert by_name["Cohort", "city-hefei"] == {
        "parentName": f"campus-{campus.pk}",
        "resourceGroups": [
            {
                "coveredResources": ["cpu", "nvidia.com/gpu"],
                "flavors": [
                    {
                        "name": "gpu-a100",
                        "resources": [
                            {"name": "cpu", "nominalQuota": "0"},
                            {"name": "nvidia.com/gpu", "nominalQuota": "0", "borrowingLimit": "2"},
                        ],
                    }
                ],
            }
        ],
    }
    queues = {name: spec for (kind, name), spec in by_name.items() if kind == "ClusterQueue"}
    assert {name: (spec["cohort"], spec.get("stopPolicy")) for name, spec in queues.items()} == {
        "firm": ("city-hefei", "Hold"),
        "lab": ("city-hefei", None),
    }
    gpus = {name: spec["resourceGroups"][0]["flavors"][0]["resources"][2] for name, spec in queues.items()}
    assert gpus == {
        "firm": {"name": "nvidia.com/gpu", "nominalQuota": "2", "borrowingLimit": "2"},
        "lab": {"name": "nvidia.com/gpu", "nominalQuota": "4", "borrowingLimit": "6"},
    }


def test_what_a_campus_lacks_is_one_line(campus, tenants):
    assert "--campus" in run("slurm", code=2).stderr
    assert "--campus" in run("slurm", "--tenants", tenants, "--campus", campus.pk, code=2).stderr
    assert "--nodes" in run("kueue", "--campus", campus.pk, "--nodes", tenants, code=2).stderr
    assert "there is no campus" in run("slurm", "--campus", 10**30, code=1).stderr
    empty = make.make_campus()
    assert "还没有租户" in run("slurm", "--campus", empty.pk, code=1).stderr
    make.make_tenant(empty)
    assert "还没有登记带 GPU 的服务器" in run("kueue", "--campus", empty.pk, code=1).stderr


def test_tenants_of_one_name_are_told_apart(campus):
    other = make_organisation(name="lab", city=make_city("suzhou"))
    make.make_tenant(campus, organisation=other)
    found = run("slurm", "--campus", campus.pk).stdout
    assert f"Description='lab {other.pk}'" in found
    make.make_tenant(campus, organisation=make_organisation(name="hefei", city=other.city))
    assert "分不清这些名称：hefei" in run("slurm", "--campus", campus.pk, code=1).stderr


def test_a_city_s_row_of_the_table(tenants):
    tenants.write_text("tenant,city,gpu_milli,borrow_gpu_milli\nlab,songjiang,4000,\n,songjiang,2000,1000\n")
    assert (
        "Organization='songjiang':Fairshare=100:GrpTRES=gres/gpu=3\n"
        in run("slurm", "--tenants", tenants).stdout
    )
