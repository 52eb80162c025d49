"""The cluster is the one truth of capacity: nothing is lost, doubled, overdrawn or half placed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling import kernels
from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.tuning import PLAIN
from langqiao.engines.scheduling.policies import POLICIES
from langqiao.engines.scheduling.types import Node, Place, Task

MODELS = ("A", "B")


def node(
    name: str, *, gpus: int = 4, model: str = "A", cpu: int = 16_000, place: Place | None = None
) -> Node:
    return Node(name, cpu, 65_536, gpus, model if gpus else "", place or Place())


def task(gpus: int = 1, milli: int | None = None, *, cpu: int = 1_000, models: Sequence[str] = ()) -> Task:
    share = 1000 if milli is None else milli
    return Task("t", cpu, 1_024, gpus, share if gpus else 0, tuple(models))


WORKLOAD = (task(1, 460), task(1, 810), task(1), task(2), task(0, cpu=4_000), task(4, models=("B",)))

nodes_strategy = st.lists(
    st.builds(
        node,
        name=st.uuids().map(str),
        gpus=st.integers(0, 4),
        model=st.sampled_from(MODELS),
        cpu=st.integers(0, 16).map(lambda cores: cores * 1_000),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.name,
)
acts = st.lists(
    st.tuples(
        st.sampled_from(
            ("place", "place", "place", "gang", "release", "fail", "drain", "restore", "add", "on")
        ),
        st.integers(0, 5),
        st.integers(0, 10_000),
    ),
    max_size=30,
)


def held(cluster: Cluster, tasks: dict[int, Task]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is left on each node by adding up the tasks that run."""
    cpu, memory, gpu = cluster.total_cpu.copy(), cluster.total_memory.copy(), cluster.total_gpu.copy()
    for handle in cluster.handles():
        number, gpus = cluster.where(handle)
        one = tasks[handle]
        cpu[number] -= one.cpu_milli
        memory[number] -= one.memory_mib
        assert len(gpus) == one.gpus
        for g in gpus:
            gpu[number, g] -= one.gpu_milli
    return cpu, memory, gpu


def check(cluster: Cluster, tasks: dict[int, Task]) -> None:
    cpu, memory, gpu = held(cluster, tasks)
    assert (cluster.free_cpu == cpu).all()
    assert (cluster.free_memory == memory).all()
    assert (cluster.free_gpu == gpu).all()
    for free, total in (
        (cpu, cluster.total_cpu),
        (memory, cluster.total_memory),
        (gpu, cluster.total_gpu),
    ):
        assert (free <= total).all()
        assert (free >= np.minimum(total, 0)).all()


def fresh(cluster: Cluster, kind: int) -> np.ndarray:
    """Scores computed anew on nodes in the same state, without the cache."""
    scores = [
        kernels.score(cluster._policy, cluster._nodes, n, cluster._kinds, kind, *cluster._knowledge()[2:])[0]
        for n in range(len(cluster.nodes))
    ]
    return np.array([np.nan if score == -np.inf else score for score in scores])


@settings(max_examples=40, deadline=None)
@given(nodes=nodes_strategy, more=nodes_strategy, acts=acts, policy=st.sampled_from(sorted(POLICIES)))
def test_any_sequence_conserves_every_resource_and_the_cache_is_right(nodes, more, acts, policy):
    cluster = Cluster(nodes, policy=policy, workload=WORKLOAD, weights=PLAIN, seed=3)
    kinds = [cluster.type_of(one) for one in WORKLOAD]
    tasks: dict[int, Task] = {}
    spare = [Node(f"more-{one.name}", one.cpu_milli, one.memory_mib, one.gpus, one.model) for one in more]
    down: set[int] = set()
    for act, which, number in acts:
        live = list(cluster.handles())
        at = number % len(cluster.nodes)
        if act == "place":
            fits = cluster.fits(kinds[which])
            handle = cluster.place(kinds[which])
            assert (handle >= 0) == fits
            if handle >= 0:
                tasks[handle] = WORKLOAD[which]
                assert cluster.where(handle)[0] not in down
        elif act == "gang":
            count = 1 + number % 5
            handles = cluster.place_gang(kinds[which], count)
            assert len(handles) in {0, count}
            tasks |= dict.fromkeys(handles, WORKLOAD[which])
        elif act == "on":
            handle = cluster.place_on(kinds[which], at)
            if handle >= 0:
                tasks[handle] = WORKLOAD[which]
        elif act == "release" and live:
            cluster.release(live[number % len(live)])
        elif act == "fail":
            lost = cluster.fail(at)
            down.add(at)
            assert not set(lost) & set(cluster.handles())
            assert cluster.free_cpu[at] == cluster.total_cpu[at]
        elif act == "drain":
            cluster.drain(at)
            down.add(at)
        elif act == "restore":
            cluster.restore(at)
            down.discard(at)
        elif act == "add" and spare:
            cluster.add([spare.pop()])
        check(cluster, tasks)
        kind = kinds[number % len(kinds)]
        np.testing.assert_array_equal(cluster.scores(kind), fresh(cluster, kind))
    for handle in list(cluster.handles()):
        cluster.release(handle)
    assert (cluster.free_gpu == cluster.total_gpu).all()
    assert cluster.allocation_pct() == 0.0


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_best_node_is_the_first_of_the_highest_scores(policy):
    cluster = Cluster([node(f"n{i:03d}", gpus=1 + i % 4) for i in range(150)], policy=policy,
                      workload=WORKLOAD, weights=PLAIN)  # fmt: skip
    kinds = [cluster.type_of(one) for one in WORKLOAD[:5]]
    for step in range(400):
        kind = kinds[step * 7 % len(kinds)]
        scores = fresh(cluster, kind)
        handle = cluster.place(kind)
        if handle < 0:
            assert np.isnan(scores).all()
        elif policy != "random":
            assert cluster.where(handle)[0] == int(np.nanargmax(scores))
        else:
            assert not np.isnan(scores[cluster.where(handle)[0]])
        if step % 3 == 0 and handle >= 0:
            cluster.release(next(cluster.handles()))


def test_random_takes_each_node_that_fits_equally_often():
    cluster = Cluster([node(f"n{i}", gpus=i % 2) for i in range(200)], policy="random")
    kind = cluster.type_of(task())
    counts = np.zeros(200)
    for _ in range(4_000):
        handle = cluster.place(kind)
        counts[cluster.where(handle)[0]] += 1
        cluster.release(handle)
    assert counts[::2].sum() == 0
    assert counts[1::2].min() > 2  # 40 expected, six standard deviations are 38
    assert counts[1::2].max() < 78


def test_the_cache_forgets_and_remembers(monkeypatch):
    monkeypatch.setattr("langqiao.engines.scheduling.cluster.CACHE_BYTES", 1)
    cluster = Cluster([node(f"n{i}") for i in range(5)], policy="bestfit", workload=WORKLOAD)
    kinds = [cluster.type_of(one) for one in WORKLOAD]
    for turn in range(30):
        kind = kinds[turn % 5]
        np.testing.assert_array_equal(cluster.scores(kind), fresh(cluster, kind))
        cluster.place(kind)
    assert len(cluster._rows) == 2


def test_more_changes_than_the_log_holds():
    cluster = Cluster([node("a"), node("b")], policy="bestfit")
    rare, often = cluster.type_of(task(2)), cluster.type_of(task(1, 100))
    cluster.scores(rare)
    for _ in range(3_000):
        cluster.release(cluster.place(often))
    cluster.place(often)
    np.testing.assert_array_equal(cluster.scores(rare), fresh(cluster, rare))


def test_a_node_with_more_gpus_than_any_before():
    cluster = Cluster([node("a", gpus=2)], policy="clustering")
    kind = cluster.type_of(task(2))
    first = cluster.place(kind)
    eight = cluster.type_of(task(8))
    assert not cluster.fits(eight)
    cluster.add([node("b", gpus=8, model="B")])
    assert cluster.free_gpu.tolist() == [[0, 0, *[-1] * 6], [1000] * 8]
    cluster.release(first)
    assert cluster.where(cluster.place(eight)) == (1, tuple(range(8)))
    check(cluster, {handle: task(8) for handle in cluster.handles()})


def test_a_model_that_comes_later():
    cluster = Cluster([node("a")], policy="fgd", workload=[task(1, 500, models=("B",))])
    kind = cluster.type_of(task(1, 500, models=("B", "none")))
    assert cluster.place(kind) == -1
    assert cluster.fragment_pct() == 100.0
    cluster.add([node("b", model="B")])
    assert cluster.where(cluster.place(kind)) == (1, (0,))


def test_drained_nodes_go_on_and_failed_nodes_lose():
    cluster = Cluster([node("a")], policy="bestfit")
    kind = cluster.type_of(task())
    runs = cluster.place(kind)
    cluster.drain(0)
    assert not cluster.fits(kind)
    assert cluster.where(runs) == (0, (0,))
    assert cluster.fail(0) == [runs]
    with pytest.raises(SchedulingError, match="handle 0"):
        cluster.release(runs)
    cluster.restore(0)
    assert cluster.place(kind) == 1


def test_views_cannot_be_written():
    cluster = Cluster([node("a")])
    with pytest.raises(ValueError, match="read-only"):
        cluster.free_gpu[0, 0] = 5


def test_place_on_takes_the_gpus_that_are_named():
    cluster = Cluster([node("a"), node("b")], policy="bestfit")
    kind = cluster.type_of(task(2))
    assert cluster.where(cluster.place_on(kind, 1, (1, 3))) == (1, (1, 3))
    assert cluster.place_on(kind, 1, (0, 1)) == -1
    assert cluster.place_on(kind, 1, (0,)) == -1
    assert cluster.place_on(kind, 1, (0, 9)) == -1
    assert cluster.where(cluster.place_on(kind, 1)) == (1, (0, 2))


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([node("a"), node("a")], "node"),
        ([node("a", gpus=63)], "node"),
        ([node("a", cpu=-1)], "node"),
        ([node(f"n{i}", model=f"m{i}") for i in range(63)], "node"),
    ],
)
def test_nodes_that_cannot_be(given, kind):
    with pytest.raises(SchedulingError) as wrong:
        Cluster(given)
    assert wrong.value.kind == kind


@pytest.mark.parametrize("wrong", [task(-1), task(1, 0), task(1, 1001), task(2, 500), task(1, cpu=-1)])
def test_tasks_that_cannot_be(wrong):
    with pytest.raises(SchedulingError, match="task t") as refused:
        Cluster([node("a")]).type_of(wrong)
    assert refused.value.kind == "task"


def test_numbers_and_policies_that_are_none():
    cluster = Cluster([node("a")])
    for act in (cluster.place, cluster.fits, cluster.scores, lambda kind: cluster.place_gang(kind, 2)):
        with pytest.raises(SchedulingError, match="no kind of task 7"):
            act(7)
    for act in (cluster.drain, cluster.restore, cluster.fail):
        for number in (-1, 1):
            with pytest.raises(SchedulingError, match="no node number"):
                act(number)
    with pytest.raises(SchedulingError, match="no node x"):
        cluster.number_of("x")
    with pytest.raises(SchedulingError, match="one of random"):
        Cluster([node("a")], policy="best")


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.tuples(*[st.integers(0, 1)] * 5), min_size=1, max_size=12),
    count=st.integers(1, 14),
    milli=st.sampled_from((300, 500, 1000)),
)
def test_a_gang_is_whole_and_on_as_few_switches_as_can_be(places, count, milli):
    nodes = [
        node(f"n{i}", gpus=2, place=Place(f"b{b}", f"h{h}", f"r{r}", f"k{k}", f"s{r}{s}"))
        for i, (b, h, r, k, s) in enumerate(places)
    ]
    cluster = Cluster(nodes, policy="bestfit")
    kind = cluster.type_of(task(1, milli))
    room = len(nodes) * 2 * (1000 // milli)
    handles = cluster.place_gang(kind, count)
    assert len(handles) == (count if count <= room else 0)
    if handles:

        def switch(number):
            place = nodes[number].place
            return place.building, place.hall, place.switch

        sizes: dict[tuple[str, ...], int] = {}
        for number in range(len(nodes)):
            sizes[switch(number)] = sizes.get(switch(number), 0) + 2 * (1000 // milli)
        largest = np.cumsum(sorted(sizes.values(), reverse=True))
        fewest = int(np.searchsorted(largest, count)) + 1
        assert len({switch(cluster.where(handle)[0]) for handle in handles}) == fewest


def test_a_gang_stays_near():
    far = [node("a", gpus=2, place=Place("b1", "h1", "r1", "k1", "s1")),
           node("b", gpus=2, place=Place("b2", "h1", "r1", "k1", "s2")),
           node("c", gpus=2, place=Place("b1", "h2", "r1", "k1", "s3")),
           node("d", gpus=2, place=Place("b1", "h2", "r2", "k2", "s4"))]  # fmt: skip
    cluster = Cluster(far, policy="bestfit")
    handles = cluster.place_gang(cluster.type_of(task(2)), 2)
    assert sorted(cluster.where(handle)[0] for handle in handles) == [2, 3]
    with pytest.raises(SchedulingError, match="gang of 0"):
        cluster.place_gang(0, 0)


def test_many_nodes_are_swept():
    """Above ``MANY`` nodes no row of the cache stays behind, whatever is asked for and how seldom."""
    count = kernels.MANY + 50
    cluster = Cluster([node(f"n{i:05d}", gpus=1 + i % 3) for i in range(count)], policy="bestfit")
    rare, often = cluster.type_of(task(2)), cluster.type_of(task(1, 400))
    cluster.scores(rare)
    live = [cluster.place(often) for _ in range(300)]
    for handle in live[::2]:
        cluster.release(handle)
        cluster.place(often)
    assert cluster._clock[0] - cluster._seen[0, cluster._rows[rare]] <= kernels.LAG + 4
    np.testing.assert_array_equal(cluster.scores(rare), fresh(cluster, rare))
    for number in range(3_000):  # more changes at once than the ring holds
        for _ in range(3):
            cluster.drain(number)
            cluster.restore(number)
    cluster.place(often)
    np.testing.assert_array_equal(cluster.scores(rare), fresh(cluster, rare))


@pytest.mark.parametrize("policy", ["own", "fgd", "random"])
def test_rows_of_many_nodes_are_right_whatever_comes_and_goes(policy):
    """Above ``MANY`` nodes all rows are scored at once: every score, and every best of a block and a group."""
    count = kernels.MANY + 50
    cluster = Cluster(
        [node(f"n{i:05d}", gpus=1 + i % 3) for i in range(count)],
        policy=policy,
        workload=WORKLOAD,
        weights=PLAIN,
    )
    kinds = [cluster.type_of(one) for one in WORKLOAD]
    random = np.random.default_rng(5)
    live: list[int] = []
    for _ in range(1_500):
        if live and random.random() < 0.3:
            cluster.release(live.pop(int(random.integers(len(live)))))
        elif (handle := cluster.place(kinds[int(random.integers(len(kinds)))])) >= 0:
            live.append(handle)
    cluster.place(kinds[0])
    for kind in kinds:
        np.testing.assert_array_equal(cluster.scores(kind), fresh(cluster, kind))
        row = cluster._rows[kind]
        column, bests = cluster._scores[:, row], cluster._bests[:, row]
        summed = np.add if policy == "random" else np.maximum
        nodes_of = np.arange(0, count, kernels.BLOCK)
        blocks = summed.reduceat(np.isfinite(column) * 1.0 if policy == "random" else column, nodes_of)
        groups = summed.reduceat(blocks, np.arange(0, len(blocks), kernels.GROUP))
        np.testing.assert_array_equal(bests, np.concatenate([blocks, groups]))
