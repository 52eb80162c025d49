"""Quotas for Kueue and Slurm: the amounts sum to ours, names are taken, a hand-made example word for word."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.export import (
    Capacity,
    Ceiling,
    Plan,
    kueue_objects,
    kueue_yaml,
    read_plan,
    slurm_files,
)
from langqiao.engines.scheduling.export.kueue import divided, settled
from langqiao.engines.scheduling.export.plan import capacities_of, label_of
from langqiao.engines.scheduling.simulation.types import City, Quota, Tenant
from langqiao.engines.scheduling.traces import TraceError
from langqiao.engines.scheduling.types import Node

CENTRE = [
    Capacity("A100", 6000, 120_000, 1000),
    Capacity("T4", 2000, 40_000, 500),
    Capacity("", 0, 40_000, 500),
]
LAB = Tenant("lab", "songjiang", Quota(4000, 80_000), Quota(2000, 10_000), 2.0, 5)
FIRM = Tenant("示例企业", "songjiang", Quota(1500), Quota(0, 0), 0.5, -5)
PLAN = Plan([LAB, FIRM], [City("songjiang", Quota(1000, 0), Quota(0, 0), 3.0)], CENTRE)


def by_kind(plan):
    found = {}
    for one in kueue_objects(plan):
        found.setdefault(one["kind"], {})[one["metadata"]["name"]] = one
    return found


def test_kueue_objects_of_a_plan():
    found = by_kind(PLAN)
    assert list(found["ResourceFlavor"]) == ["gpu-a100", "gpu-t4", "no-gpu"]
    assert found["ResourceFlavor"]["gpu-a100"]["spec"] == {
        "nodeLabels": {"langqiao.example/gpu-model": "A100"}
    }
    assert found["Cohort"]["city-songjiang"]["spec"]["parentName"] == "langqiao"
    assert found["Cohort"]["city-songjiang"]["spec"]["fairSharing"] == {"weight": "3"}
    queue = found["ClusterQueue"]["lab"]["spec"]
    assert (queue["cohort"], queue["fairSharing"]) == ("city-songjiang", {"weight": "2"})
    assert queue["preemption"] == {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"}
    (group,) = queue["resourceGroups"]
    assert group["coveredResources"] == ["cpu", "memory", "nvidia.com/gpu"]
    assert group["flavors"][0] == {
        "name": "gpu-a100",
        "resources": [
            {"name": "cpu", "nominalQuota": "48", "borrowingLimit": "6"},
            {"name": "memory", "nominalQuota": "1000Mi"},
            {"name": "nvidia.com/gpu", "nominalQuota": "3", "borrowingLimit": "2"},
        ],
    }
    firm = label_of("示例企业")
    assert found["LocalQueue"][firm]["metadata"] == {
        "name": firm,
        "namespace": firm,
        "annotations": {"langqiao.example/name": "示例企业"},
    }
    gpus = [
        flavor["resources"][2]
        for flavor in found["ClusterQueue"][firm]["spec"]["resourceGroups"][0]["flavors"]
    ]
    assert [(one["nominalQuota"], one["borrowingLimit"]) for one in gpus] == [
        ("1500m", "0"),
        ("0", "0"),
        ("0", "0"),
    ]
    assert {one["value"] for one in found["WorkloadPriorityClass"].values()} == {5, -5}


def test_every_name_is_one_that_kubernetes_takes():
    for one in kueue_objects(PLAN):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", one["metadata"]["name"])
    documents = kueue_yaml(PLAN).split("---\n")
    assert documents[0] == ""
    assert [json.loads(document) for document in documents[1:]] == kueue_objects(PLAN)


def test_every_flavor_of_a_queue_names_the_same_resources_in_order():
    for queue in by_kind(PLAN)["ClusterQueue"].values():
        for group in queue["spec"]["resourceGroups"]:
            for flavor in group["flavors"]:
                assert [one["name"] for one in flavor["resources"]] == group["coveredResources"]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_a_divided_quota_sums_to_itself(amount, parts):
    found = divided(amount, parts)
    assert sum(found) == amount
    assert all(one >= 0 for one in found)
    if sum(parts):
        assert all(one == 0 for one, part in zip(found, parts, strict=True) if part == 0)
    assert sum(one % 1000 != 0 for one in found) <= 1


def test_no_limit_is_what_the_centre_has():
    (queue,) = by_kind(Plan([Tenant("a")], capacities=CENTRE))["ClusterQueue"].values()
    flavors = queue["spec"]["resourceGroups"][0]["flavors"]
    assert [flavor["resources"][2] for flavor in flavors] == [
        {"name": "nvidia.com/gpu", "nominalQuota": amount} for amount in ("6", "2", "0")
    ]
    assert queue["spec"]["cohort"] == "langqiao"
    with pytest.raises(SchedulingError, match="give the nodes"):
        kueue_yaml(Plan([Tenant("a")]))


def test_slurm_files_of_a_plan():
    found = slurm_files(PLAN, grace=60)
    firm = label_of("示例企业")
    lab = "Account - 'lab':Description='lab':Organization='lab':Fairshare=200:GrpTRES=cpu=90,gres/gpu=6"
    other = (
        f"Account - '{firm}':Description='示例企业':Organization='示例企业':Fairshare=50:GrpTRES=gres/gpu=1"
    )
    assert found.associations.splitlines() == [
        "Cluster - 'langqiao':Fairshare=1",
        "Parent - 'root'",
        "Account - 'songjiang':Description='songjiang':Organization='songjiang':Fairshare=300:GrpTRES=gres/gpu=6",
        "Parent - 'songjiang'",
        f"{lab}:DefaultQOS='lab-quota':QOS='lab-quota,lab-borrow'",
        f"{other}:DefaultQOS='{firm}-quota':QOS='{firm}-quota'",
    ]
    assert found.qos == [
        ["-i", "add", "qos", "lab-borrow", "set", "Priority=10", "GrpTRES=cpu=10,gres/gpu=2", "GraceTime=60"],
        [
            "-i",
            "add",
            "qos",
            "lab-quota",
            "set",
            "Priority=1010",
            "GrpTRES=cpu=80,gres/gpu=4",
            "Preempt=lab-borrow",
        ],
        [
            "-i",
            "add",
            "qos",
            f"{firm}-quota",
            "set",
            "Priority=1000",
            "GrpTRES=gres/gpu=1",
            "Preempt=lab-borrow",
        ],
    ]
    assert "PreemptType=preempt/qos" in found.conf
    assert found.conf in found.text()


def test_borrowing_never_outranks_a_quota():
    plan = Plan([Tenant("a", priority=-1_000_000), Tenant("b", priority=1_000_000)])
    priority = {command[3]: int(command[5].split("=")[1]) for command in slurm_files(plan).qos}
    assert priority["b-borrow"] < priority["a-quota"] < priority["b-quota"]
    assert priority["a-borrow"] == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: Plan([]),
        lambda: Plan([Tenant("")]),
        lambda: Plan([Tenant("a"), Tenant("a")]),
        lambda: Plan([Tenant("a", quota=Quota(-1))]),
        lambda: Plan([Tenant("a", weight=0)]),
        lambda: Plan([Tenant("a")], [City("c")], ceilings=[Ceiling("c", 1000)]),
        lambda: Plan([Tenant("a")], ceilings=[Ceiling("c", -1)]),
        lambda: Plan([Tenant("a")], ceilings=[Ceiling("c", 1000, -1)]),
        lambda: slurm_files(Plan([Tenant("a", "a")])),
        lambda: slurm_files(Plan([Tenant("root")])),
        lambda: slurm_files(Plan([Tenant("a")]), grace=-1),
    ],
)
def test_a_plan_that_cannot_be_told_apart_is_refused(make):
    with pytest.raises(SchedulingError) as wrong:
        make()
    assert wrong.value.kind == "plan"


def test_a_plan_from_a_table(tmp_path):
    path = tmp_path / "tenants.csv"
    path.write_text(
        "租户,城市,GPU千分数,可借GPU千分数,权重,优先级\nlab,songjiang,4000,,2,5\nfree,,,0,,\n",
        encoding="gb18030",
    )
    nodes = [Node("n1", 8000, 64, 2, "T4"), Node("n2", 8000, 64), Node("n3", 8000, 64, 8, "A100")]
    plan = read_plan(path, nodes=nodes)
    assert list(plan.tenants) == [
        Tenant("lab", "songjiang", Quota(4000), Quota(), 2.0, 5),
        Tenant("free", "", Quota(), Quota(0), 1.0, 0),
    ]
    assert [one.model for one in capacities_of(nodes)] == ["A100", "T4", ""]
    path.write_text("tenant,gpu_milli\na,-1\n")
    with pytest.raises(TraceError, match="line 2, column gpu_milli"):
        read_plan(path)


CAPPED = Plan(
    [
        Tenant("one", "hefei", Quota(8000), Quota(2000)),
        Tenant("two", "hefei", Quota(4000), Quota(0, 0)),
        Tenant("three", "suzhou", Quota(1000), Quota(3000)),
    ],
    capacities=[Capacity("A100", 24_000, 96_000, 1000)],
    ceilings=[Ceiling("hefei", 6000, 3000), Ceiling("suzhou", 4000, 0), Ceiling("jiaxing", 1000)],
    held=["two"],
    lends_rest=True,
)


def gpus_of(made):
    """Nominal quota and borrowing limit of GPUs, flavor by flavor."""
    return [
        (resource["nominalQuota"], resource.get("borrowingLimit"))
        for group in made["spec"]["resourceGroups"]
        for flavor in group["flavors"]
        for resource in flavor["resources"]
        if resource["name"] == "nvidia.com/gpu"
    ]


def test_kueue_keeps_the_ceilings_of_cities():
    found = by_kind(CAPPED)
    # The two of Hefei have 12 and the city 6: each gives up half, and may borrow as much more.
    assert {name: gpus_of(one) for name, one in found["ClusterQueue"].items()} == {
        "one": [("4", "6")],
        "two": [("2", "2")],
        "three": [("1", "3")],
    }
    assert {name: gpus_of(one) for name, one in found["Cohort"].items()} == {
        "langqiao": [("13", None)],  # 24 less 6, 4 and 1; a root takes no limits
        "city-hefei": [("0", "3")],
        "city-suzhou": [("3", "0")],
        "city-jiaxing": [("1", None)],
    }
    held = {name: one["spec"].get("stopPolicy") for name, one in found["ClusterQueue"].items()}
    assert held == {"one": None, "two": "Hold", "three": None}


def test_slurm_keeps_the_ceilings_of_cities():
    def account(name, share, more):
        return f"Account - '{name}':Description='{name}':Organization='{name}':Fairshare={share}" + more

    assert slurm_files(CAPPED).associations.splitlines() == [
        "Cluster - 'langqiao':Fairshare=1",
        "Parent - 'root'",
        account("hefei", 200, ":GrpTRES=gres/gpu=9"),
        account("suzhou", 100, ":GrpTRES=gres/gpu=4"),
        account("jiaxing", 100, ""),  # borrowing without end is no limit
        "Parent - 'hefei'",
        account("one", 100, ":GrpTRES=gres/gpu=10:DefaultQOS='one-quota':QOS='one-quota,one-borrow'"),
        account("two", 100, ":GrpTRES=gres/gpu=4:GrpJobs=0:DefaultQOS='two-quota':QOS='two-quota'"),
        "Parent - 'suzhou'",
        account("three", 100, ":GrpTRES=gres/gpu=4:DefaultQOS='three-quota':QOS='three-quota,three-borrow'"),
    ]


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 20_000)), st.one_of(st.none(), st.integers(0, 9000))),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 40_000),
    st.one_of(st.none(), st.integers(0, 9000)),
)
def test_a_ceiling_adds_up_and_no_tenant_s_most_changes(rows, quota, borrow):
    tenants = [Tenant(f"t{at}", "c", Quota(q), Quota(b)) for at, (q, b) in enumerate(rows)]
    found, (city,) = settled(Plan(tenants, ceilings=[Ceiling("c", quota, borrow)]))
    assert city.quota.gpu_milli + sum(one.quota.gpu_milli for one in found) == quota
    assert (city.quota.gpu_milli >= 0, city.borrow_limit.gpu_milli) == (True, borrow)
    for before, after in zip(tenants, found, strict=True):
        held, limit = before.quota.gpu_milli, before.borrow_limit.gpu_milli
        most = None if held is None or limit is None else held + limit
        more = after.borrow_limit.gpu_milli
        assert (None if more is None else after.quota.gpu_milli + more) == most
        assert more is None or more >= 0


def test_rows_of_cities_in_a_table(tmp_path):
    path = tmp_path / "tenants.csv"
    path.write_text(
        "tenant,city,gpu_milli,borrow_gpu_milli,weight\nlab,hefei,4000,,\n,hefei,6000,2000,\n,suzhou,0,,\n"
    )
    plan = read_plan(path)
    assert list(plan.tenants) == [Tenant("lab", "hefei", Quota(4000))]
    assert list(plan.ceilings) == [Ceiling("hefei", 6000, 2000), Ceiling("suzhou", 0)]
    path.write_text("tenant,city,gpu_milli,weight\nlab,hefei,4000,\n,hefei,6000,2\n")
    with pytest.raises(TraceError, match="line 3, column weight"):
        read_plan(path)
    path.write_text("tenant,city,gpu_milli\nlab,hefei,4000\n,hefei,\n")
    with pytest.raises(TraceError, match="line 3, column gpu_milli"):
        read_plan(path)
