"""Every parser: whatever comes is read, or refused in the KME's own words; nothing else is raised."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from langqiao.kme import messages
from langqiao.kme.answers import refused
from langqiao.kme.config import KeyLimits, parse_config
from langqiao.kme.errors import KmeError, Refusal
from langqiao.kme.extensions import wishes
from langqiao.kme.files import read_secret, write_secret
from langqiao.kme.network import parse_directory, parse_toml
from langqiao.kme.relay.container import Cargo, Hop, Notice, ranges, read_hop, read_notice
from langqiao.kme.sources import LinkContext
from langqiao.kme.sources.file import FileSource
from langqiao.kme.sources.simulator import Simulator

LIMITS = KeyLimits()
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
halves = st.text(st.characters(), max_size=8)  # half surrogate pairs among them
requests = st.dictionaries(
    st.sampled_from(["number", "size", "additional_slave_SAE_IDs", "extension_mandatory", "extension_optional", "key_IDs", "x"]),
    values | halves | st.integers(0, 300) | st.lists(st.dictionaries(st.sampled_from(["key_ID", "langqiao_max_age", "langqiao_route_type"]) | halves, values | halves, max_size=2), max_size=3),
    max_size=4,
)  # fmt: skip


@example(b'{"extension_mandatory": [{"\\ud800": 1}]}')
@given(st.binary(max_size=200) | requests.map(lambda value: json.dumps(value).encode()))
def test_bodies(body: bytes) -> None:
    for read in (lambda: wishes(messages.key_request(body, LIMITS)), lambda: messages.key_ids(body, LIMITS)):
        try:
            read()
        except Refusal as refusal:
            assert refusal.status == 400  # noqa: PT017 - it may be read as well
            orjson.dumps(refusal.body())


@given(
    st.lists(st.tuples(st.sampled_from(["number", "size", "key_ID", "x"]), st.text(max_size=24)), max_size=3)
)
def test_queries(pairs: list[tuple[str, str]]) -> None:
    for read in (
        lambda: messages.key_request_from_query(pairs, LIMITS),
        lambda: messages.key_id_from_query(pairs),
    ):
        try:
            read()
        except Refusal as refusal:
            assert refusal.status == 400  # noqa: PT017 - it may be read as well


@pytest.mark.parametrize("half", [r"\ud800", r"\uDFFF", r"\uD83D\u0041"])
@pytest.mark.parametrize("text", ['{"%s": 1}', '{"x": "%s"}', '[{"x": [{"%s": 1}]}]', '"a%sb"'])
def test_half_a_surrogate_pair_is_no_text(text: str, half: str) -> None:
    with pytest.raises(Refusal, match="shall be UTF-8 JSON"):
        messages.read_json((text % half).encode())
    assert messages.read_json((text % r"\ud83d\ude00").encode()) == json.loads(text % "😀")


def test_a_refusal_is_answered_whatever_its_details_hold() -> None:
    answered = refused(Refusal(503, "no \ud800", details={"x": ["\ud800"]}, retry_after=7))
    assert (answered.status, answered.headers["Retry-After"]) == (503, "7")
    assert json.loads(answered.body) == {"message": "no ?"}
    assert json.loads(refused(Refusal(400, "no", details={"x": 1})).body) == {
        "message": "no",
        "details": [{"x": 1}],
    }


def test_what_is_read() -> None:
    body = b'{"number": 2, "size": 128, "additional_slave_SAE_IDs": ["b"], "extension_optional": [{"x": 1}], "new": 0}'
    found = messages.key_request(body, LIMITS)
    assert (found.number, found.size, found.additional, found.optional) == (2, 128, ("b",), (("x", 1),))
    assert messages.key_request(b"", LIMITS) == messages.key_request(b"{}", LIMITS)
    assert messages.key_request_from_query([("size", "512")], LIMITS).size == 512


HOP = Hop(
    Cargo("550e8400-e29b-41d4-a716-446655440000", "shared", "a", "c", ("a", "b", "c"), 9, 0, "m", ("s",),
          (("550e8400-e29b-41d4-a716-446655440001", bytes(40)),)),
    ((0, 2),), 2,
)  # fmt: skip


def test_a_hop_is_read_as_it_was_written() -> None:
    signed = HOP.sign(bytes(32), "https://x")
    found, callback = read_hop(json.loads(json.dumps(signed.body("https://x"))))
    assert (found, callback) == (signed, "https://x")
    assert found.genuine(bytes(32), callback)
    assert not found.genuine(bytes(31) + b"1", callback)
    assert found.cargo.xored(b"\xff" * 64).xored(b"\xff" * 64) == found.cargo
    assert ranges([1, 2, 4]) == ((1, 3), (4, 5))


@given(st.data())
def test_hops_and_notices(data: st.DataObject) -> None:
    body = json.loads(json.dumps(HOP.sign(bytes(32), "https://x").body("https://x")))
    place = body
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [name for name, value in place.items() if isinstance(value, dict)]
        if inner:
            place = place[data.draw(st.sampled_from(inner))]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(values)
    notice = Notice(HOP.cargo.id, "relayed").body()
    notice[data.draw(st.sampled_from(sorted(notice)))] = data.draw(values)
    for read, value in (
        (read_hop, body),
        (read_notice, notice),
        (read_hop, data.draw(values)),
        (read_notice, None),
    ):
        try:
            read(value)
        except Refusal as refusal:
            assert refusal.status == 400  # noqa: PT017 - it may be read as well


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_toml(text: bytes) -> None:
    try:
        parse_directory(parse_toml(text, "here"), "here")
    except KmeError as error:
        assert "here" in str(error)  # noqa: PT017


directories = st.dictionaries(
    st.sampled_from(["name", "kme", "sae", "link", "x"]),
    values | st.lists(st.dictionaries(st.sampled_from(["id", "url", "city", "kme", "between", "rate_bps", "status"]), values | st.just("https://a:1"), max_size=4), max_size=2),
    max_size=4,
)  # fmt: skip
configs = st.dictionaries(
    st.sampled_from(["kme", "tls", "store", "keys", "limits", "relay", "source", "x"]),
    values | st.dictionaries(st.sampled_from(["id", "port", "host", "network", "key_size", "peer", "kind", "keys_per_day", "folder"]), values, max_size=4),
    max_size=5,
)  # fmt: skip


@settings(max_examples=50)
@given(directories)
def test_directories(data: dict[str, object]) -> None:
    try:
        parse_directory(data, "here")
    except KmeError as error:
        assert error.kind == "config"  # noqa: PT017


@settings(max_examples=40)
@given(configs)
def test_configurations(data: dict[str, object]) -> None:
    with pytest.raises(KmeError):
        parse_config(data, Path("/nowhere/kme.toml"))


@pytest.mark.parametrize("host", ["a" * 300, ".".join(["a" * 60] * 5), "a..b", "\ud800"])
def test_what_is_no_host_is_named(line_folder: Path, host: str) -> None:
    place = line_folder / "KME-east" / "kme.toml"
    data = parse_toml(place.read_bytes(), "here")
    for good in ("0.0.0.0", "::1", "kme.例子.cn"):
        data["kme"]["host"] = good
        assert parse_config(data, place).host == good
    data["kme"]["host"] = host
    with pytest.raises(KmeError, match=r"kme\.toml, \[kme\]: host shall be a host's name or address"):
        parse_config(data, place)
    row = {"id": "KME-a", "url": f"https://{host}:1"}
    with pytest.raises(KmeError, match=r"\[\[kme\]\] 1: url shall be"):
        parse_directory({"kme": [row]}, "here")


def test_a_misspelt_limit_is_named_with_its_table(line_folder: Path) -> None:
    place = line_folder / "KME-east" / "kme.toml"
    data = {**parse_toml(place.read_bytes(), "here"), "limits": {"keys_per_dey": 3}}
    with pytest.raises(KmeError, match=r"kme\.toml, \[limits\]: 'keys_per_dey' is not known here"):
        parse_config(data, place)


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "\xff" * 64])
def test_secrets(tmp_path: Path, text: str) -> None:
    place = tmp_path / "secret"
    place.write_text(text)
    with pytest.raises(KmeError, match="0644"):
        read_secret(place)
    place.chmod(0o600)
    with pytest.raises(KmeError, match="64 hexadecimal digits") as wrong:
        read_secret(place)
    assert len(text) < 64 or text not in str(wrong.value)
    write_secret(place, bytes(32))
    assert read_secret(place) == bytes(32)


def link(options: dict[str, object], folder: Path, local: str = "a") -> LinkContext:
    return LinkContext(local, "b", 1e6, folder, options, secret=lambda: bytes(32))


def test_both_ends_of_a_simulated_link_hold_the_same(tmp_path: Path) -> None:
    ends = [Simulator(link({"epoch": 0.0}, tmp_path, name)) for name in "ab"]
    blocks, cursor = ends[0].poll("", 3)
    assert ends[1].poll("", 3)[0] == blocks
    assert [block.number for block in blocks] == [0, 1, 2]
    assert ends[0].poll(cursor, 1)[0][0].number == 3
    assert Simulator(link({"epoch": 1e11}, tmp_path)).poll("", 9) == ([], "0")
    with pytest.raises(KmeError, match="'speed' is not known"):
        Simulator(link({"epoch": 0.0, "speed": 1}, tmp_path))


def test_a_file_is_a_source(tmp_path: Path) -> None:
    place = tmp_path / "keys"
    place.write_bytes(bytes(2048) + b"x" * 2048 + b"rest")
    with pytest.raises(KmeError, match="0644"):
        FileSource(link({"path": "keys"}, tmp_path))
    place.chmod(0o600)
    source = FileSource(link({"path": "keys"}, tmp_path))
    blocks, cursor = source.poll("", 9)
    assert ([block.number for block in blocks], cursor) == ([0, 1], "2")
    assert source.poll("2", 9) == ([], "2")
    with pytest.raises(KmeError, match="cursor"):
        source.poll("x", 9)
