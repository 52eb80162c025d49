"""The benchmark runs, and its plain numpy version places where the engine does."""

from __future__ import annotations

import json

from benchmarks import scheduling

NODES = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(
    f"n{i:02d},{(32, 96)[i % 2]}000,65536,{(2, 4, 8)[i % 3]},{'AB'[i % 2]}\n" for i in range(12)
)
PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n" + "".join(
    f"p{i:03d},{500 * (1 + i % 9)},512,{1 + i % 2},{1000 if i % 2 else 40 + 8 * i},{('', 'A', 'A|B')[i % 3]}\n"
    for i in range(100)
)


def test_everything_is_measured(tmp_path, capsys):
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text(NODES)
    pods.write_text(PODS)
    expected = tmp_path / "expected.csv"
    columns = ",".join(scheduling.PUBLISHED.values())
    expected.write_text(f"workload,{columns}\npods,80,80,80,80,80,80\n")
    given = ["--nodes", str(nodes), "--pods", str(pods), "--policies", "bestfit,fgd", "--seeds", "1-2",
             "--expected", str(expected), "--large", "30", "--events", "50", "--plain", "40"]  # fmt: skip
    scheduling.main([*given, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["replays"]["fgd"]["gap"] == found["replays"]["fgd"]["allocation_pct"] - 80
    assert all(facts["same_nodes"] for facts in found["plain"].values())
    assert found["departures"]["bestfit"]["nodes"] == 30
    assert found["departures"]["bestfit"]["p50_us"] <= found["departures"]["bestfit"]["p99_us"]
    scheduling.main(given)
    assert "departures (pods)" in capsys.readouterr().out
