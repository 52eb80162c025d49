"""Checks of the three methods, table by table (ETSI GS QKD 014 V1.1.1, clauses 5 and 6)."""

from __future__ import annotations

import base64
from typing import Any, Final

from langqiao.kme.conformance import shapes
from langqiao.kme.conformance.run import Bench, Check, Skip, Unfit
from langqiao.kme.conformance.wire import Answer, Wire, keys_path
from langqiao.kme.errors import MANDATORY_UNSUPPORTED, NOT_FOUND, SIZE_MULTIPLE

UNKNOWN: Final = "conformance_unknown_parameter"
NO_KEY: Final = "550e8400-e29b-41d4-a716-446655440000"


def _enc(bench: Bench) -> str:
    return keys_path(bench.target.slave, "enc_keys")


def _dec(bench: Bench) -> str:
    return keys_path(bench.target.master, "dec_keys")


def _ask_status(bench: Bench, path: str) -> Answer:
    return bench.patiently(lambda: bench.master.ask("GET", path))


def status_of(bench: Bench) -> dict[str, Any]:
    """Return the Status of the slave.

    Raises:
        Unfit: it is none.
    """
    answer = _ask_status(bench, keys_path(bench.target.slave, "status"))
    if fault := shapes.status(answer):
        raise Unfit(f"Get status: {fault}")
    found: dict[str, Any] = answer.json
    return found


def limits(bench: Bench) -> dict[str, int]:
    """Return the numbers of the Status answer, asked for once.

    Raises:
        Unfit: there are none.
    """
    if not bench.limits:
        data = status_of(bench)
        bench.limits = {name: data[name] for name in shapes.STATUS_NUMBERS}
    return bench.limits


def get(bench: Bench, value: dict[str, Any]) -> Answer:
    """Ask for keys by POST; they are waited for.

    Raises:
        Skip: the KME stays short of keys.
    """
    return bench.patiently(lambda: bench.master.post(_enc(bench), value))


def issue(bench: Bench, value: dict[str, Any]) -> Answer:
    """Ask for keys by POST and see that all of them came.

    Raises:
        Skip: the KME stays short of keys.
        Unfit: it gave something else.
    """
    answer = get(bench, value)
    number, size = value.get("number", 1), value.get("size", limits(bench)["key_size"])
    if fault := shapes.container(answer, number=number, size=size):
        raise Unfit(f"enc_keys: {fault}")
    return answer


def _queried(bench: Bench, query: str, *, number: int = 1, size: int = 0) -> str:
    """Judge what the GET form of Get key gives."""
    answer = bench.patiently(lambda: bench.master.ask("GET", _enc(bench) + query))
    return shapes.container(answer, number=number, size=size or limits(bench)["key_size"])


def fetch(wire: Wire, bench: Bench, rows: list[dict[str, Any]]) -> Answer:
    """Fetch keys by their identifiers."""
    return wire.post(_dec(bench), {"key_IDs": [{"key_ID": row["key_ID"]} for row in rows]})


def _status(bench: Bench) -> str:
    return shapes.status(_ask_status(bench, keys_path(bench.target.slave, "status")))


def _status_names(bench: Bench) -> str:
    data = status_of(bench)
    if (data["master_SAE_ID"], data["slave_SAE_ID"]) != (bench.target.master, bench.target.slave):
        return "master_SAE_ID or slave_SAE_ID is not who asked or was asked for"
    return ""


def _status_encoded(bench: Bench) -> str:
    sae = "".join(f"%{byte:02X}" for byte in bench.target.slave.encode())
    return shapes.status(_ask_status(bench, f"/api/v1/keys/{sae}/status"))


def _status_unknown(bench: Bench) -> str:
    return shapes.error(bench.master.ask("GET", keys_path("conformance nobody/é", "status")), 400, 401)


def _enc_get(bench: Bench) -> str:
    return _queried(bench, "")


def _enc_get_both(bench: Bench) -> str:
    size = limits(bench)["key_size"]
    number = min(2, limits(bench)["max_key_per_request"])
    return _queried(bench, f"?number={number}&size={size}", number=number, size=size)


def _enc_get_number(bench: Bench) -> str:
    return _queried(bench, "?number=1")


def _enc_get_size(bench: Bench) -> str:
    size = limits(bench)["max_key_size"]
    return _queried(bench, f"?size={size}", size=size)


def _enc_post_defaults(bench: Bench) -> str:
    issue(bench, {})
    return ""


def _enc_post_most(bench: Bench) -> str:
    issue(bench, {"number": limits(bench)["max_key_per_request"]})
    return ""


def _enc_post_sizes(bench: Bench) -> str:
    for size in (limits(bench)["min_key_size"], limits(bench)["max_key_size"]):
        issue(bench, {"number": 1, "size": size})
    return ""


def _enc_unique(bench: Bench) -> str:
    first, second = issue(bench, {}), issue(bench, {})
    same = {row["key"] for row in first.json["keys"]} & {row["key"] for row in second.json["keys"]}
    return "two requests gave the same key" if same else ""


def _size_multiple(bench: Bench) -> str:
    return shapes.error(get(bench, {"size": limits(bench)["key_size"] + 1}), 400, message=SIZE_MULTIPLE)


def _size_multiple_get(bench: Bench) -> str:
    size = limits(bench)["key_size"] + 1
    return shapes.error(bench.master.ask("GET", f"{_enc(bench)}?size={size}"), 400, message=SIZE_MULTIPLE)


def _size_range(bench: Bench) -> str:
    for size in (limits(bench)["min_key_size"] - 8, limits(bench)["max_key_size"] + 8):
        if fault := shapes.error(get(bench, {"size": size}), 400):
            return f"size {size}: {fault}"
    return ""


def _number_range(bench: Bench) -> str:
    for number in (0, -1, limits(bench)["max_key_per_request"] + 1):
        if fault := shapes.error(get(bench, {"number": number}), 400):
            return f"number {number}: {fault}"
    return ""


def _wrong_types(bench: Bench) -> str:
    wrong: tuple[dict[str, Any], ...] = (
        {"number": "1"},
        {"number": 1.5},
        {"number": None},
        {"number": True},
        {"size": "256"},
        {"size": []},
        {"additional_slave_SAE_IDs": "one"},
        {"additional_slave_SAE_IDs": [1]},
        {"extension_mandatory": {"a": 1}},
        {"extension_mandatory": [1]},
        {"extension_optional": "a"},
    )
    for value in wrong:
        if fault := shapes.error(get(bench, value), 400):
            return f"{value}: {fault}"
    return ""


def _mandatory_unknown(bench: Bench) -> str:
    answer = get(bench, {"extension_mandatory": [{UNKNOWN: 1}]})
    return shapes.error(answer, 400, message=MANDATORY_UNSUPPORTED)


def _optional_unknown(bench: Bench) -> str:
    answer = get(bench, {"extension_optional": [{UNKNOWN: {"deep": [1, 2]}}]})
    if answer.status == 400:
        return shapes.error(answer, 400)
    return shapes.container(answer, number=1, size=limits(bench)["key_size"])


def _multicast_most(bench: Bench) -> str:
    saes = [f"conformance-{number}" for number in range(limits(bench)["max_SAE_ID_count"] + 1)]
    return shapes.error(get(bench, {"additional_slave_SAE_IDs": saes}), 400)


def _multicast_unknown(bench: Bench) -> str:
    return shapes.error(get(bench, {"additional_slave_SAE_IDs": ["conformance nobody"]}), 400, 401)


def _multicast(bench: Bench) -> str:
    if not limits(bench)["max_SAE_ID_count"]:
        raise Skip("max_SAE_ID_count is 0")
    if not bench.target.others:
        raise Skip("needs --other")
    others = list(bench.target.others[: limits(bench)["max_SAE_ID_count"]])
    answer = issue(bench, {"number": 2, "additional_slave_SAE_IDs": others})
    return _same(answer, fetch(bench.slave, bench, answer.json["keys"]))


def _same(issued: Answer, fetched: Answer) -> str:
    wanted = {row["key_ID"]: row["key"] for row in issued.json["keys"]}
    size = 8 * len(base64.b64decode(issued.json["keys"][0]["key"]))
    if fault := shapes.container(fetched, number=len(wanted), size=size):
        return f"dec_keys: {fault}"
    pairs = {row["key_ID"]: row["key"] for row in fetched.json["keys"]}
    return "" if pairs == wanted else "the two ends hold different keys"


def _dec_post(bench: Bench) -> str:
    slave = bench.slave
    issued = issue(bench, {"number": 2})
    return _same(issued, fetch(slave, bench, issued.json["keys"]))


def _dec_get(bench: Bench) -> str:
    slave = bench.slave
    issued = issue(bench, {})
    return _same(issued, slave.ask("GET", f"{_dec(bench)}?key_ID={issued.json['keys'][0]['key_ID']}"))


def _dec_sizes(bench: Bench) -> str:
    slave = bench.slave
    for size in (limits(bench)["min_key_size"], limits(bench)["max_key_size"]):
        issued = issue(bench, {"size": size})
        if fault := _same(issued, fetch(slave, bench, issued.json["keys"])):
            return f"size {size}: {fault}"
    return ""


def _dec_once(bench: Bench) -> str:
    slave = bench.slave
    issued = issue(bench, {})
    if fault := _same(issued, fetch(slave, bench, issued.json["keys"])):
        return fault
    return shapes.error(fetch(slave, bench, issued.json["keys"]), 400, message=NOT_FOUND)


def _dec_all_or_none(bench: Bench) -> str:
    slave = bench.slave
    issued = issue(bench, {})
    rows = issued.json["keys"]
    if fault := shapes.error(fetch(slave, bench, [*rows, {"key_ID": NO_KEY}]), 400, message=NOT_FOUND):
        return fault
    return _same(issued, fetch(slave, bench, rows))


def _dec_unknown(bench: Bench) -> str:
    return shapes.error(fetch(bench.slave, bench, [{"key_ID": NO_KEY}]), 400, message=NOT_FOUND)


def _dec_malformed(bench: Bench) -> str:
    slave = bench.slave
    wrong: tuple[Any, ...] = (
        {},
        {"key_IDs": []},
        {"key_IDs": "x"},
        {"key_IDs": [1]},
        {"key_IDs": [{}]},
        {"key_IDs": [{"key_ID": 1}]},
        {"key_IDs": [{"key_ID": "no uuid"}]},
        {"key_IDs": [{"key_ID": NO_KEY, "key_ID_extension": 1}]},
        {"key_IDs": [{"key_ID": NO_KEY}], "key_IDs_extension": 1},
    )
    for value in wrong:
        if fault := shapes.error(slave.post(_dec(bench), value), 400):
            return f"{value}: {fault}"
    return ""


def _dec_extensions(bench: Bench) -> str:
    slave = bench.slave
    issued = issue(bench, {})
    row = {"key_ID": issued.json["keys"][0]["key_ID"], "key_ID_extension": {"a": 1}}
    found = slave.post(_dec(bench), {"key_IDs": [row], "key_IDs_extension": {"b": [2]}})
    return _same(issued, found)


def _dec_outsider(bench: Bench) -> str:
    outsider, slave = bench.outsider, bench.slave
    issued = issue(bench, {})
    if fault := shapes.error(fetch(outsider, bench, issued.json["keys"]), 401):
        return fault
    return _same(issued, fetch(slave, bench, issued.json["keys"]))


CHECKS: Final[tuple[tuple[str, str, Check], ...]] = (
    ("5.1, 6.1", "Get status: every member of its type", _status),
    ("5.1", "Get status: names who asks and who is asked for", _status_names),
    ("5.1", "Get status: percent-encoded SAE ID", _status_encoded),
    ("5.1", "Get status: unknown SAE", _status_unknown),
    ("5.2", "Get key: GET without parameters", _enc_get),
    ("5.2", "Get key: GET with number", _enc_get_number),
    ("5.2", "Get key: GET with size", _enc_get_size),
    ("5.2", "Get key: GET with number and size", _enc_get_both),
    ("5.2, 6.2", "Get key: POST of an empty object takes the defaults", _enc_post_defaults),
    ("6.2", "Get key: as many keys as allowed", _enc_post_most),
    ("6.2", "Get key: smallest and largest size", _enc_post_sizes),
    ("5.2", "Get key: no key comes twice", _enc_unique),
    ("5.2", "Get key: size is no multiple of 8", _size_multiple),
    ("5.2", "Get key: size is no multiple of 8, GET", _size_multiple_get),
    ("6.2", "Get key: size out of range", _size_range),
    ("6.2", "Get key: number out of range", _number_range),
    ("6.2", "Get key: members of the wrong type", _wrong_types),
    ("6.2", "extension_mandatory: unknown parameter", _mandatory_unknown),
    ("6.2", "extension_optional: unknown parameter is no obstacle", _optional_unknown),
    ("6.2", "additional_slave_SAE_IDs: more than allowed", _multicast_most),
    ("6.2", "additional_slave_SAE_IDs: unknown SAE", _multicast_unknown),
    ("6.2", "additional_slave_SAE_IDs: several SAEs share keys", _multicast),
    ("5.3, 6.4", "Get key with key IDs: POST", _dec_post),
    ("5.3", "Get key with key IDs: GET of one key", _dec_get),
    ("5.3", "Get key with key IDs: every size", _dec_sizes),
    ("5.3", "Get key with key IDs: delivered once", _dec_once),
    ("5.3", "Get key with key IDs: all or none", _dec_all_or_none),
    ("5.3", "Get key with key IDs: unknown key", _dec_unknown),
    ("6.4", "Get key with key IDs: malformed", _dec_malformed),
    ("6.4", "Get key with key IDs: extensions are objects", _dec_extensions),
    ("5.3", "Get key with key IDs: another SAE gets 401", _dec_outsider),
)
