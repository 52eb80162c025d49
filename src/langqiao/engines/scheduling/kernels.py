"""What a placement does thousands of times a second, compiled by numba: fit, score, choose, remember.

All of it stands in one file because numba renews a compiled function only when its own file changes, not
when a function that it calls does.

Arrays (int64 unless said otherwise), for N nodes of at most G GPUs, K kinds of task, R rows of the cache:

* ``nodes`` (N, FIRST + G + G + 1): free cores and memory, whether it takes work, number of GPUs, its model
  as a bit, then what is free on each GPU (-1 where there is none), then how many tasks run on it that share
  a GPU, hold one, two, … G.
* ``kinds`` (K, 6): cores, memory, GPUs, thousandths of each, models that will do as bits, and the class:
  column of ``nodes`` that counts such tasks.
* ``target`` (M, 4) and ``shares`` (M,) float64: cores, GPUs, thousandths and models of the target workload's
  types, and how frequent each is.
* ``table`` (models, 1001 + C) float64: of our own policy, by GPU model, what a GPU with so many thousandths
  free is expected to waste, then γ·l for free cores in steps of 500; ``weights`` (2·Q,) float64: λ_q and
  1/c_q in turn. See ``own.tables``.
* ``scores`` (N, R) float64, ``bests`` (B + ⌈B/GROUP⌉, R) float64: the score of each node for a kind, and the
  best of every BLOCK nodes, B = ⌈N/BLOCK⌉ of them, then of every GROUP of these blocks (for the policy
  RANDOM: how many of the nodes fit). All rows of a node stand side by side in memory, because a node that
  changed is scored anew for all of them.
* ``log`` (L,), ``last`` (N,), ``clock`` (2,): nodes in the order in which they changed, as a ring; when a
  node changed last; number of changes, and up to which of them all rows of the cache are right (``sweep``).
* ``seen`` (2, R): up to which change a row of the cache is right (-1: never), and its kind.
"""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, PLR0912, PLR0917, C901
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from langqiao.engines.scheduling.lending import lend

CPU, MEMORY, OPEN, COUNT, MODEL, FIRST = range(6)  # columns of nodes
GPUS, MILLI, MODELS, CLASS = 2, 3, 4, 5  # columns of kinds, after CPU and MEMORY
T_CPU, T_GPUS, T_MILLI, T_MODELS = range(4)  # columns of target
RANDOM, DOTPROD, CLUSTERING, PACKING, BESTFIT, FGD, OWN = range(7)
WHOLE = 1000
CPU_STEP = 500  # of the second part of table
BLOCK = 16  # nodes to a block
GROUP = 16  # blocks to a group
LARGEST_CPU, LARGEST_GPU = 128_000, 8_000  # the node by which the published policies normalise
MANY = 4096  # nodes; of more, all rows of the cache are kept up to date
LAG = 64  # changes that one placement catches up with, in all rows
NO = -np.inf


@njit(cache=True, nogil=True)
def fits(nodes, n, kinds, k):
    """Whether a task of kind ``k`` fits on node ``n`` now."""
    if nodes[n, OPEN] == 0 or nodes[n, CPU] < kinds[k, CPU] or nodes[n, MEMORY] < kinds[k, MEMORY]:
        return False
    missing = kinds[k, GPUS]
    if missing == 0:
        return True
    if nodes[n, MODEL] & kinds[k, MODELS] == 0:
        return False
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        if nodes[n, g] >= kinds[k, MILLI]:
            missing -= 1
            if missing == 0:
                return True
    return False


@njit(cache=True, nogil=True)
def slots(nodes, kinds, k, found):
    """How many tasks of kind ``k`` each node takes, together, at most 2³¹, into ``found`` (N,)."""
    for n in range(nodes.shape[0]):
        found[n] = 0
        if not fits(nodes, n, kinds, k):
            continue
        most = 1 << 31
        if kinds[k, CPU] > 0:
            most = min(most, nodes[n, CPU] // kinds[k, CPU])
        if kinds[k, MEMORY] > 0:
            most = min(most, nodes[n, MEMORY] // kinds[k, MEMORY])
        if kinds[k, GPUS] > 0:
            parts = 0
            for g in range(FIRST, FIRST + nodes[n, COUNT]):
                parts += nodes[n, g] // kinds[k, MILLI]
            most = min(most, parts // kinds[k, GPUS])
        found[n] = most


@njit(cache=True, nogil=True)
def fragment(nodes, n, target, shares):
    """F_n(M) of Weng et al., section 3.2: idle thousandths of GPU that a task of M cannot use, expected."""
    idle = 0
    gpus = nodes[n, COUNT]
    for g in range(FIRST, FIRST + gpus):
        idle += nodes[n, g]
    if idle == 0:
        return 0.0
    wasted = 0.0
    for m in range(shares.size):
        lost = idle
        if (
            target[m, T_GPUS] > 0
            and nodes[n, CPU] >= target[m, T_CPU]
            and nodes[n, MODEL] & target[m, T_MODELS] != 0
        ):
            enough = small = 0
            for g in range(FIRST, FIRST + gpus):
                if nodes[n, g] >= target[m, T_MILLI]:
                    enough += 1
                else:
                    small += nodes[n, g]
            if enough >= target[m, T_GPUS]:
                lost = small
        wasted += shares[m] * lost
    return wasted


@njit(cache=True, nogil=True)
def first_whole(nodes, n, count):
    """The first ``count`` wholly free GPUs of a node as bits."""
    chosen = 0
    for g in range(nodes[n, COUNT]):
        if count == 0:
            break
        if nodes[n, FIRST + g] == WHOLE:
            chosen |= 1 << g
            count -= 1
    return chosen


@njit(cache=True, nogil=True)
def tightest(nodes, n, milli):
    """The GPU with the least free that has ``milli``, the first of such, as a bit."""
    best, left = 0, WHOLE + 1
    for g in range(nodes[n, COUNT]):
        free = nodes[n, FIRST + g]
        if milli <= free < left:
            best, left = 1 << g, free
    return best


@njit(cache=True, nogil=True)
def idle_of(nodes, n):
    """Free thousandths on all GPUs of a node."""
    idle = 0
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        idle += nodes[n, g]
    return idle


@njit(cache=True, nogil=True)
def move(nodes, n, kinds, k, chosen, sign):
    """Take (sign -1) or give back (1) what a task of kind ``k`` holds on node ``n`` and GPUs ``chosen``."""
    nodes[n, CPU] += sign * kinds[k, CPU]
    nodes[n, MEMORY] += sign * kinds[k, MEMORY]
    for g in range(nodes[n, COUNT]):
        if chosen >> g & 1:
            nodes[n, FIRST + g] += sign * kinds[k, MILLI]
    if kinds[k, GPUS] > 0:
        nodes[n, kinds[k, CLASS]] -= sign


@njit(cache=True, nogil=True)
def fgd_score(nodes, n, kinds, k, target, shares, before):
    """Fragmentation gradient descent as published: int(100·σ(fall of F in GPUs)); the score and the GPUs.

    ``before`` is the node's fragment now.
    """
    if kinds[k, GPUS] != 1 or kinds[k, MILLI] == WHOLE:
        chosen = first_whole(nodes, n, kinds[k, GPUS])
        move(nodes, n, kinds, k, chosen, -1)
        after = fragment(nodes, n, target, shares)
        move(nodes, n, kinds, k, chosen, 1)
        return float(int(100.0 / (1.0 + math.exp((after - before) / WHOLE)))), chosen
    best, choice = NO, 0
    for g in range(nodes[n, COUNT]):
        free = nodes[n, FIRST + g]
        if free < kinds[k, MILLI]:
            continue
        twin = False  # an earlier GPU with as much free scores the same
        for other in range(g):
            twin = twin or nodes[n, FIRST + other] == free
        if twin:
            continue
        move(nodes, n, kinds, k, 1 << g, -1)
        after = fragment(nodes, n, target, shares)
        move(nodes, n, kinds, k, 1 << g, 1)
        score = float(int(100.0 / (1.0 + math.exp((after - before) / WHOLE))))
        if score > best:
            best, choice = score, 1 << g
    return best, choice


@njit(cache=True, nogil=True, inline="always")
def own_node(cpu, idle, table, row, weights):
    """Part of the potential that belongs to a node as a whole: idle GPU that its cores cannot serve."""
    at = min(WHOLE + 1 + cpu // CPU_STEP, table.shape[1] - 1)
    total = table[row, at] * idle / WHOLE
    for q in range(0, weights.size, 2):
        total += weights[q] * max(0.0, idle / WHOLE - cpu * weights[q + 1])
    return total


@njit(cache=True, nogil=True)
def own_facts(nodes, n, table, weights, frees):
    """What the potential of a node rests on: its row of the table, idle GPU, and its part as a whole.

    Into ``frees`` (G,) go the amounts that are free on its GPUs, each once; how many there are comes first.
    """
    row = 0
    while nodes[n, MODEL] >> row > 1:
        row += 1
    several = idle = 0
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        free = nodes[n, g]
        idle += free
        known = free == 0
        for at in range(several):
            known = known or frees[at] == free
        if not known:
            frees[several] = free
            several += 1
    return several, row, idle, own_node(nodes[n, CPU], idle, table, row, weights)


@njit(cache=True, nogil=True, inline="always")
def own_fall(gpus, need, several, row, frees, table):
    """What the potential of a node's GPUs falls by where that is most; and what the GPU taken has free."""
    best, choice = gpus * (table[row, WHOLE] - table[row, 0]), WHOLE
    if gpus == 1:
        best = NO
        for at in range(several):
            free = frees[at]
            if free >= need:
                fall = table[row, free] - table[row, free - need]
                if fall > best:
                    best, choice = fall, free
    return best, choice


@njit(cache=True, nogil=True, inline="always")
def own_score(fall, before, cpu, idle, table, row, weights):
    """Our own policy: the fall of a node's potential (own.tables), unrounded.

    ``fall`` is that of its GPUs, ``before`` what ``own_node`` was, ``cpu`` and ``idle`` what would be left.
    """
    return fall + (before - own_node(cpu, idle, table, row, weights))


@njit(cache=True, nogil=True)
def packing_score(nodes, n, kinds, k):
    """Packing: a shared GPU first, then free GPUs of a node in use, then an empty node."""
    if kinds[k, GPUS] == 0:
        return 0.0
    whole = 0
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        whole += nodes[n, g] == WHOLE
    if whole == nodes[n, COUNT]:
        return float(max(33 - whole, whole))
    if kinds[k, MILLI] == WHOLE:  # wholly free GPUs are the only ones that will do
        return float(max(50 - kinds[k, GPUS], 33))
    left = WHOLE
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        if kinds[k, MILLI] <= nodes[n, g] < left:
            left = nodes[n, g]
    if left == WHOLE:
        return 49.0
    return float(max(100 - left * 100 // WHOLE // 10, 50))


@njit(cache=True, nogil=True)
def clustering_score(nodes, n, kinds, k):
    """Clustering: nodes that hold tasks of the same number of GPUs, alone if possible, the fullest first."""
    if kinds[k, GPUS] == 0:
        return 0.0
    classes = 0
    for c in range(nodes.shape[1] - (nodes.shape[1] - FIRST) // 2 - 1, nodes.shape[1]):
        classes += nodes[n, c] > 0
    base = 0
    if nodes[n, kinds[k, CLASS]] > 0:
        base = 75 if classes == 1 else 50
    elif classes == 0:
        base = 25
    return float(25 * (LARGEST_GPU - idle_of(nodes, n)) // LARGEST_GPU + base)


@njit(cache=True, nogil=True)
def score(policy, nodes, n, kinds, k, target, shares, table, weights):
    """Score of a node for a kind, the higher the better, -inf where it does not fit; and the GPUs as bits.

    Of the policy RANDOM the GPUs are drawn when the node has been.
    """
    if not fits(nodes, n, kinds, k):
        return NO, 0
    if policy == OWN:
        frees = np.empty(nodes[n, COUNT], np.int64)
        several, row, idle, before = own_facts(nodes, n, table, weights, frees)
        gpus, need = kinds[k, GPUS], kinds[k, MILLI]
        fall, free = own_fall(gpus, need, several, row, frees, table)
        cpu, left = nodes[n, CPU] - kinds[k, CPU], idle - gpus * need
        value = own_score(fall, before, cpu, left, table, row, weights)
        if gpus != 1:
            return value, first_whole(nodes, n, gpus)
        return value, tightest(nodes, n, free)
    if policy == FGD:
        return fgd_score(nodes, n, kinds, k, target, shares, fragment(nodes, n, target, shares))
    if kinds[k, MILLI] < WHOLE:
        chosen = tightest(nodes, n, kinds[k, MILLI]) if kinds[k, GPUS] > 0 else 0
    else:
        chosen = first_whole(nodes, n, kinds[k, GPUS])
    if policy == RANDOM:
        return 0.0, chosen
    if policy == PACKING:
        return packing_score(nodes, n, kinds, k), chosen
    if policy == CLUSTERING:
        return clustering_score(nodes, n, kinds, k), chosen
    cpu, gpu = nodes[n, CPU], idle_of(nodes, n)
    cpu_need, gpu_need = kinds[k, CPU], kinds[k, GPUS] * kinds[k, MILLI]
    if policy == DOTPROD:
        product = cpu / LARGEST_CPU * (cpu_need / LARGEST_CPU) + gpu / LARGEST_GPU * (gpu_need / LARGEST_GPU)
        return float(int(100.0 * (1.0 - product / 2.0))), chosen
    left = (cpu - cpu_need) / LARGEST_CPU * 0.5 + (gpu - gpu_need) / LARGEST_GPU * 0.5
    return float(int((1.0 - left) * 100.0)), chosen


@njit(cache=True, nogil=True)
def changed(n, log, last, clock):
    """Write into the log that a node has changed."""
    log[clock[0] % log.size] = n
    last[n] = clock[0]
    clock[0] += 1


@njit(cache=True, nogil=True, inline="always")
def blocks_of(width):
    """How many blocks ``width`` nodes make."""
    return (width + BLOCK - 1) // BLOCK


@njit(cache=True, nogil=True)
def groups_of(blocks):
    """How many groups ``blocks`` blocks make."""
    return (blocks + GROUP - 1) // GROUP


@njit(cache=True, nogil=True)
def sum_block(policy, row, block, scores, bests):
    """Best score of a block, or for RANDOM the number of its nodes that fit."""
    best = 0.0 if policy == RANDOM else NO
    for n in range(block * BLOCK, min((block + 1) * BLOCK, scores.shape[0])):
        if policy == RANDOM:
            best += scores[n, row] != NO
        else:
            best = max(best, scores[n, row])
    bests[block, row] = best


@njit(cache=True, nogil=True)
def sum_group(policy, row, group, blocks, bests):
    """The same of a group of blocks; there are ``blocks`` blocks."""
    best = 0.0 if policy == RANDOM else NO
    for block in range(group * GROUP, min((group + 1) * GROUP, blocks)):
        if policy == RANDOM:
            best += bests[block, row]
        else:
            best = max(best, bests[block, row])
    bests[blocks + group, row] = best


@njit(cache=True, nogil=True, inline="always")
def enter(policy, n, row, new, scores, bests):
    """Write the score of a node into a row; whether its block, and its group, must be summed up anew."""
    old, scores[n, row] = scores[n, row], new
    block, blocks = n // BLOCK, blocks_of(scores.shape[0])
    group = blocks + block // GROUP
    if policy == RANDOM:
        more = int(new != NO) - int(old != NO)
        bests[block, row] += more
        bests[group, row] += more
        return False, False
    if new >= bests[block, row]:
        bests[block, row] = new
        bests[group, row] = max(bests[group, row], new)
        return False, False
    return old == bests[block, row], old == bests[group, row]


@njit(cache=True, nogil=True)
def rescore(policy, n, k, row, nodes, kinds, target, shares, table, weights, scores, bests):
    """Score a node anew in a row of the cache."""
    new, _ = score(policy, nodes, n, kinds, k, target, shares, table, weights)
    if new == scores[n, row]:
        return
    block_lost, group_lost = enter(policy, n, row, new, scores, bests)
    if block_lost:
        sum_block(policy, row, n // BLOCK, scores, bests)
        if group_lost:
            sum_group(policy, row, n // BLOCK // GROUP, blocks_of(scores.shape[0]), bests)


@njit(cache=True, nogil=True)
def refresh(
    policy, k, row, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen, clock
):
    """Bring a row of the cache up to date: score anew the nodes that changed since it was last right."""
    end, start = clock[0], seen[0, row]
    seen[0, row] = end
    width = nodes.shape[0]
    if start < 0 or end - start > min(log.size, width):
        for n in range(width):
            same = n > 0
            if same:  # neighbours are often alike
                for c in range(nodes.shape[1]):
                    if nodes[n, c] != nodes[n - 1, c]:
                        same = False
                        break
            if same:
                scores[n, row] = scores[n - 1, row]
            else:
                scores[n, row], _ = score(policy, nodes, n, kinds, k, target, shares, table, weights)
        blocks = blocks_of(width)
        for block in range(blocks):
            sum_block(policy, row, block, scores, bests)
        for group in range(groups_of(blocks)):
            sum_group(policy, row, group, blocks, bests)
        return
    for at in range(start, end):
        n = log[at % log.size]
        if last[n] == at:  # else it changed once more later
            rescore(policy, n, k, row, nodes, kinds, target, shares, table, weights, scores, bests)


@njit(cache=True, nogil=True)
def best_of(among, start, count, below, rows, bests, at):
    """Into ``bests`` at ``at``: the best of ``count`` of ``among`` (W, R) from ``start``, in some rows."""
    for row in rows:
        bests[at, row] = NO
    for n in range(start, min(start + count, below)):
        for row in rows:
            bests[at, row] = max(bests[at, row], among[n, row])


@njit(cache=True, nogil=True)
def rescore_rows(
    policy, n, at, nodes, kinds, target, shares, table, weights, scores, bests, seen, frees, falls, lost,
    lost_above,
):  # fmt: skip
    """Score a node anew in all rows that were right up to its change ``at``: what they share is done once.

    Most kinds do not fit on a nearly full node: its largest free GPU and the number of wholly free ones
    tell. Kinds that ask for the same part of one GPU share ``own_fall``. The best of its block is found in
    one pass over the block for all rows that lost it. ``frees`` (G,), ``falls`` (1001,), ``lost`` and
    ``lost_above`` (R,) are there to be written on.
    """
    largest = whole = 0
    for g in range(FIRST, FIRST + nodes[n, COUNT]):
        largest = max(largest, nodes[n, g])
        whole += nodes[n, g] == WHOLE
    several = model = idle = 0
    before = wasted = 0.0
    if policy == OWN:
        several, model, idle, before = own_facts(nodes, n, table, weights, frees)
        falls[:] = np.nan
    elif policy == FGD:
        wasted = fragment(nodes, n, target, shares)
    # Read once: for all the compiler knows, writing scores might change them.
    is_open, cpu, memory, models = nodes[n, OPEN] != 0, nodes[n, CPU], nodes[n, MEMORY], nodes[n, MODEL]
    losers = losers_above = 0
    for row in range(seen.shape[1]):
        if seen[0, row] != at:
            continue
        seen[0, row] = at + 1
        k = seen[1, row]
        gpus, need = kinds[k, GPUS], kinds[k, MILLI]
        new = NO
        if (
            is_open
            and cpu >= kinds[k, CPU]
            and memory >= kinds[k, MEMORY]
            and (gpus == 0 or models & kinds[k, MODELS] != 0)
            and largest >= need
            and (gpus <= 1 or whole >= gpus)
        ):
            if policy == OWN:
                fall = falls[need]
                if gpus != 1 or np.isnan(fall):  # not yet known
                    fall, _ = own_fall(gpus, need, several, model, frees, table)
                    if gpus == 1:
                        falls[need] = fall
                new = own_score(
                    fall, before, cpu - kinds[k, CPU], idle - gpus * need, table, model, weights
                )  # fmt: skip
            elif policy == FGD:
                new, _ = fgd_score(nodes, n, kinds, k, target, shares, wasted)
            else:
                new, _ = score(policy, nodes, n, kinds, k, target, shares, table, weights)
        if new == scores[n, row]:
            continue
        block_lost, group_lost = enter(policy, n, row, new, scores, bests)
        if block_lost:
            lost[losers] = row
            losers += 1
            if group_lost:
                lost_above[losers_above] = row
                losers_above += 1
    block, blocks = n // BLOCK, blocks_of(scores.shape[0])
    group = block // GROUP
    best_of(scores, block * BLOCK, BLOCK, scores.shape[0], lost[:losers], bests, block)
    best_of(bests, group * GROUP, GROUP, blocks, lost_above[:losers_above], bests, blocks + group)


@njit(cache=True, nogil=True)
def sweep(policy, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen, clock):
    """Bring all rows of the cache up to date, by at most LAG changes: no placement has to do it all."""
    kept = clock[0] - log.size
    if clock[1] < kept:  # the ring no longer holds what these rows have missed
        for row in range(seen.shape[1]):
            if seen[0, row] < kept:
                seen[0, row] = -1
        clock[1] = kept
    end = min(clock[0], clock[1] + LAG)
    rows = seen.shape[1]
    frees, falls = np.empty(nodes.shape[1], np.int64), np.empty(WHOLE + 1)
    lost, lost_above = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for at in range(clock[1], end):
        n = log[at % log.size]
        if last[n] == at:
            rescore_rows(
                policy, n, at, nodes, kinds, target, shares, table, weights, scores, bests, seen, lend(frees),
                lend(falls), lend(lost), lend(lost_above),
            )  # fmt: skip
        else:
            for row in range(seen.shape[1]):
                if seen[0, row] == at:
                    seen[0, row] = at + 1
    clock[1] = end


@njit(cache=True, nogil=True)
def draw(random, below):
    """A whole number of 0 … below - 1 by SplitMix64 (Steele, Lea & Flood 2014); ``random`` (1,) uint64."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return int((z >> np.uint64(11)) * (1.0 / (1 << 53)) * below)


@njit(cache=True, nogil=True)
def search(policy, row, scores, bests, random):
    """The best node of a row that is up to date, the first of the best; -1 where nothing fits."""
    width = scores.shape[0]
    blocks = blocks_of(width)
    if policy == RANDOM:
        total = 0
        for group in range(blocks, bests.shape[0]):
            total += int(bests[group, row])
        if total == 0:
            return -1
        at = draw(random, total)
        group = blocks
        while at >= bests[group, row]:
            at -= int(bests[group, row])
            group += 1
        block = (group - blocks) * GROUP
        while at >= bests[block, row]:
            at -= int(bests[block, row])
            block += 1
        n = block * BLOCK
        while at > 0 or scores[n, row] == NO:
            at -= scores[n, row] != NO
            n += 1
        return n
    best, group = NO, -1
    for at in range(blocks, bests.shape[0]):
        if bests[at, row] > best:
            best, group = bests[at, row], at - blocks
    if group < 0:
        return -1
    block = group * GROUP
    while bests[block, row] != best:
        block += 1
    n = block * BLOCK
    while scores[n, row] != best:
        n += 1
    return n


@njit(cache=True, nogil=True)
def gpus_for(policy, n, k, nodes, kinds, target, shares, table, weights, random):
    """The GPUs that the policy takes on a node where a task fits, as bits."""
    _, chosen = score(policy, nodes, n, kinds, k, target, shares, table, weights)
    if policy == RANDOM and kinds[k, GPUS] == 1 and kinds[k, MILLI] < WHOLE:
        able = 0
        for g in range(nodes[n, COUNT]):
            if nodes[n, FIRST + g] >= kinds[k, MILLI]:
                able += 1
                if draw(random, able) == 0:
                    chosen = 1 << g
    return chosen


@njit(cache=True, nogil=True)
def place(
    policy, k, row, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen, clock,
    random,
):  # fmt: skip
    """Place a task of kind ``k``: its node, -1 where nothing fits, and its GPUs as bits."""
    nodes, kinds, target, shares = lend(nodes), lend(kinds), lend(target), lend(shares)
    table, weights, scores, bests = lend(table), lend(weights), lend(scores), lend(bests)
    log, last, seen, clock = lend(log), lend(last), lend(seen), lend(clock)
    if nodes.shape[0] > MANY:  # of fewer nodes it costs little to catch up, and most is never asked for
        sweep(policy, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen, clock)
    refresh(
        policy, k, row, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen, clock
    )
    n = search(policy, row, scores, bests, random)
    if n < 0:
        return -1, 0
    chosen = gpus_for(policy, n, k, nodes, kinds, target, shares, table, weights, random)
    move(nodes, n, kinds, k, chosen, -1)
    changed(n, log, last, clock)
    return n, chosen


@njit(cache=True, nogil=True)
def place_among(policy, k, among, nodes, kinds, target, shares, table, weights, log, last, clock, random):
    """Place a task on the best of some nodes (``among``, rising numbers), scored anew."""
    best, where = NO, -1
    for n in among:
        value, _ = score(policy, nodes, n, kinds, k, target, shares, table, weights)
        if value > best:
            best, where = value, n
    if where < 0:
        return -1, 0
    chosen = gpus_for(policy, where, k, nodes, kinds, target, shares, table, weights, random)
    move(nodes, where, kinds, k, chosen, -1)
    changed(where, log, last, clock)
    return where, chosen


@njit(cache=True, nogil=True)
def release(n, k, chosen, nodes, kinds, log, last, clock):
    """Give back what a task holds."""
    move(nodes, n, kinds, k, chosen, 1)
    changed(n, log, last, clock)


@njit(cache=True, nogil=True)
def arrivals(
    policy, sequence, row_of, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen,
    clock, random, where, which, wasted,
):  # fmt: skip
    """Place tasks one after the other, none of which ends.

    ``sequence`` (T,) kinds, ``row_of`` (K,) their rows of the cache. Into ``where`` (T,) goes the node or -1,
    into ``which`` (T,) the GPUs, and into ``wasted`` (T,) float64 the fragment of the nodes that take work,
    in thousandths of a GPU, after each.
    """
    nodes, kinds, target, shares = lend(nodes), lend(kinds), lend(target), lend(shares)
    table, weights, scores, bests = lend(table), lend(weights), lend(scores), lend(bests)
    log, last, seen, clock = lend(log), lend(last), lend(seen), lend(clock)
    total = 0.0
    for n in range(nodes.shape[0]):
        if nodes[n, OPEN] != 0:
            total += fragment(nodes, n, target, shares)
    for t in range(sequence.size):
        k = sequence[t]
        row = row_of[k]
        refresh(
            policy, k, row, nodes, kinds, target, shares, table, weights, scores, bests, log, last, seen,
            clock,
        )  # fmt: skip
        n = search(policy, row, scores, bests, random)
        chosen = 0
        if n >= 0:
            chosen = gpus_for(policy, n, k, nodes, kinds, target, shares, table, weights, random)
            total -= fragment(nodes, n, target, shares)
            move(nodes, n, kinds, k, chosen, -1)
            total += fragment(nodes, n, target, shares)
            changed(n, log, last, clock)
        where[t], which[t], wasted[t] = n, chosen, total
