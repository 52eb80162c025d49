"""Settings, words and pieces that the commands of sealed files share."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from langqiao.cli.shared import err, out, shown, stop

if TYPE_CHECKING:
    from langqiao.engines.sm.mlkem import KemPrivateKey
    from langqiao.engines.sm.sealed import KeyProvider, SealedInfo, TrustedKeys, Vault
    from langqiao.engines.sm.sealed.types import Progress as SealProgress
    from langqiao.engines.sm.sm2 import Sm2PrivateKey

CONFIG: Final = Path("~/.config/langqiao/seal.toml")
SECRET: Final = Path("~/.local/state/langqiao/seal.secret")
SETTINGS_AT_MOST: Final = 1 << 20
PAUSE_SECONDS: Final = 5
"""Between two requests where the KME does not say when to come back."""
AT_MOST: Final = 16
"""Keys asked for at once where the KME does not say how many it gives."""

WORDS: Final = {
    "format": "不是密封文件，或开头已损坏",
    "header": "文件头被改动",
    "truncated": "文件不完整",
    "extra": "文件多出内容",
    "changed": "数据段被改动",
    "missing": "缺少数据段",
    "repeated": "数据段重复",
    "swapped": "数据段调换",
    "metadata": "元数据被改动",
    "manifest": "清单被改动",
    "trailer": "文件尾被改动",
    "signature": "签名不符",
    "untrusted": "发送方的公钥不在信任名单中",
    "recipient": "收件方不是本应用",
    "key": "密钥不可用",
    "kem": "缺少 ML-KEM 私钥",
    "journal": "断点日志不可用",
    "secret": "本机保护密钥不可用",
    "source": "源文件已变化",
    "file": "不是普通文件；文件夹请先打包成一个文件",
    "same": "目标就是源文件本身，写入会毁掉它；请另选目标",
    "exists": "目标文件已存在，可加 --overwrite",
    "space": "磁盘空间不足",
    "busy": "另一进程正在处理",
    "cancelled": "已停止，再次运行从原处继续",
    "options": "选项无效",
    "name": "名称无效",
    "receipt": "回执无效",
    "trust": "信任名单格式有误",
    "engine": "密码库不可用",
    "length": "长度不符",
    "tag": "认证标签不符",
}

REPORTED: Final = {
    "file_id": "密封文件标识 file_id",
    "header_digest": "文件头摘要（SM3）header_digest",
    "manifest_digest": "清单摘要（SM3）manifest_digest",
    "keys": "所用密钥数 keys",
}

PathOption = Path | None
Sae = Annotated[str, typer.Option("--sae", envvar="LANGQIAO_SAE", help="本应用编号 / this side's SAE ID")]
Config = Annotated[
    PathOption, typer.Option("--config", envvar="LANGQIAO_SEAL_CONFIG", help="TOML 配置 / settings")
]
Signing = Annotated[
    PathOption,
    typer.Option(
        "--signing-key", envvar="LANGQIAO_SIGNING_KEY", help="SM2 私钥 PEM / SM2 private key, mode 0600"
    ),
]
Trusted = Annotated[
    PathOption,
    typer.Option("--trusted", envvar="LANGQIAO_TRUSTED_KEYS", help="信任名单 / file of trusted public keys"),
]
Url = Annotated[str, typer.Option("--kme", envvar="LANGQIAO_KME_URL", help="KME 地址 / https://HOST:PORT")]
Cert = Annotated[
    PathOption, typer.Option("--cert", envvar="LANGQIAO_KME_CERT", help="应用证书 / certificate")
]
Key = Annotated[
    PathOption, typer.Option("--key", envvar="LANGQIAO_KME_KEY", help="证书私钥 / its private key")
]
Ca = Annotated[
    PathOption, typer.Option("--ca", envvar="LANGQIAO_KME_CA", help="根证书 / certificate authority")
]
KeyFileOption = Annotated[
    PathOption,
    typer.Option("--key-file", help="离线密钥文件，替代 KME / keys shared offline, in place of a KME"),
]
Secret = Annotated[
    PathOption,
    typer.Option(
        "--secret", envvar="LANGQIAO_SEAL_SECRET", help="本机保护密钥 / local secret that wraps journals"
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait", min=0, max=7 * 86_400, help="密钥不足时最多等待的秒数 / seconds to collect keys, at most"
    ),
]
Engine = Annotated[str, typer.Option("--engine", help="auto|portable|libgcrypt")]
Workers = Annotated[int, typer.Option("--workers", min=0, max=64, help="线程数，0 为自动 / threads")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="覆盖目标文件 / replace the target")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


class Settings:
    """The settings file, asked after options and environment."""

    def __init__(self, path: Path | None) -> None:
        place = (path or CONFIG).expanduser()
        self._folder, self._values = place.parent, {}
        if path is not None or place.is_file():
            try:
                with place.open("rb") as stream:
                    raw = stream.read(SETTINGS_AT_MOST + 1)
                if len(raw) > SETTINGS_AT_MOST:
                    stop(f"{place.name} 超过 1 MiB，不像配置文件 / is larger than 1 MiB, no settings", code=2)
                self._values = tomllib.loads(raw.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                stop(f"{place.name} 不是有效的 TOML / is no valid TOML: {error}", code=2)

    def _found(self, name: str) -> str:
        values: Any = self._values
        for part in name.split("."):
            values = values.get(part, "") if isinstance(values, dict) else ""
        return values if isinstance(values, str) else ""

    def text(self, given: str, name: str, flag: str) -> str:
        """Return a text, or end with the way to give it."""
        value = given or self._found(name)
        if not value:
            stop(f"缺少 {flag}，也可写入配置 {name} / {flag} is missing; {name} in the settings", code=2)
        return value

    def path(self, given: Path | None, name: str, flag: str = "") -> Path | None:
        """Return a path; without it, None, or the end where ``flag`` says that it is needed."""
        found = self._found(name)
        value = given or (self._folder / Path(found).expanduser() if found else None)
        if value is None and flag:
            stop(f"缺少 {flag}，也可写入配置 {name} / {flag} is missing; {name} in the settings", code=2)
        return value

    def must(self, given: Path | None, name: str, flag: str) -> Path:
        """Return a path that is needed."""
        found = self.path(given, name, flag)
        assert found is not None
        return found


@contextmanager
def guarded() -> Iterator[None]:
    """One line instead of a traceback; no core file, which would hold keys."""
    import resource

    from langqiao.engines.sm.errors import SmError
    from langqiao.kme.errors import KmeError

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        yield
    except SmError as error:
        stop(f"{WORDS.get(error.kind, error.kind)} / {error}", code=130 if error.kind == "cancelled" else 1)
    except KmeError as error:
        stop(f"KME 不可用 / {error}")
    except OSError as error:
        stop(f"{error.strerror or error}: {error.filename or ''}")
    except KeyboardInterrupt:
        stop("已停止，再次运行从原处继续 / stopped; the same command goes on from here", code=130)


@contextmanager
def seal_bar(*, quiet: bool) -> Iterator[Callable[[SealProgress], None] | None]:
    """A progress bar on standard error that shows bytes and speed, unless told to be quiet."""
    if quiet:
        yield None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    words = {"seal": "封装 sealing", "open": "启封 opening", "check": "校验 checking"}
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task("", total=None)

        def show(progress: SealProgress) -> None:
            bars.update(
                task, description=words[progress.stage], completed=progress.bytes_done, total=progress.bytes
            )

        yield show


def key_provider(
    settings: Settings, stack: ExitStack, peer: str, *,
    url: str, cert: Path | None, key: Path | None, ca: Path | None, key_file: Path | None, wait: float = 0.0,
) -> KeyProvider:  # fmt: skip
    """Return the key file, or the KME with as many keys a request as it allows; ``wait`` in seconds."""
    from langqiao.engines.sm.sealed import KeyFile, KmeKeys, Patience
    from langqiao.kme.client import KmeClient, KmeRefused
    from langqiao.kme.errors import KmeError

    if key_file is not None:
        return KeyFile(key_file)
    client = stack.enter_context(
        KmeClient(
            settings.text(url, "kme.url", "--kme"), settings.must(cert, "kme.cert", "--cert"),
            settings.must(key, "kme.key", "--key"), settings.must(ca, "kme.ca", "--ca"),
        )
    )  # fmt: skip

    def status() -> tuple[int | None, int | None]:
        try:
            values = client.status(peer)
        except KmeRefused:  # it may tell this side nothing of the peer and still deliver
            values = {}
        most, stored = values.get("max_key_per_request"), values.get("stored_key_count")
        return most if type(most) is int else None, stored if type(stored) is int else None

    at_most, stored = status()

    def say(error: Exception) -> str:
        wait = getattr(error, "retry_after", 0)
        return f"KME: {error}" + (f"; try again in {wait} s" if wait else "")

    return KmeKeys(
        client,
        at_most=at_most if at_most and at_most > 0 else AT_MOST,
        errors=(KmeError,),
        refused=say,
        stored=stored,
        patience=Patience(wait, pause_after, lambda _peer: status()[1], waiting_line()),
    )


def pause_after(error: BaseException | None) -> float | None:
    """Seconds until a KME that said 503 may be asked again; None for what waiting does not mend."""
    from langqiao.kme.client import KmeRefused
    from langqiao.kme.errors import UNAVAILABLE

    if not isinstance(error, KmeRefused) or error.status != UNAVAILABLE:
        return None
    return float(error.retry_after or PAUSE_SECONDS)


def waiting_line() -> Callable[[int, int, float], None]:
    """A line on standard error when keys are waited for: when some have come, otherwise twice a minute."""
    last = [-1, 0.0]

    def tell(taken: int, wanted: int, seconds: float) -> None:
        if taken == last[0] and time.monotonic() < last[1] + 30:
            return
        last[:] = taken, time.monotonic()
        err.print(
            f"… 已取 {taken}/{wanted} 把密钥，等待 KME 补充，Ctrl+C 停止并保留 / {taken} of {wanted} keys; "
            f"asking again in {seconds:g} s, Ctrl+C stops and keeps them",
            highlight=False,
        )

    return tell


def local_vault(settings: Settings, secret: Path | None) -> Vault:
    """The local secret that wraps journals, made at the first use."""
    from langqiao.engines.sm.sealed import Vault

    return Vault.at(settings.path(secret, "secret") or SECRET.expanduser())


def read_signer(settings: Settings, path: Path | None) -> Sm2PrivateKey:
    """This side's SM2 key."""
    from langqiao.engines.sm.sm2 import Sm2PrivateKey, read_key_file

    place = settings.must(path, "signing_key", "--signing-key")
    return Sm2PrivateKey.from_pem(read_key_file(place, private=True))


def read_trusted(settings: Settings, path: Path | None) -> TrustedKeys:
    """The list of trusted keys."""
    from langqiao.engines.sm.sealed import TrustedKeys

    return TrustedKeys.load(settings.must(path, "trusted", "--trusted"))


def facts_of(info: SealedInfo) -> dict[str, Any]:
    """What is said of a sealed file as JSON."""
    header = info.header
    return {
        "file": str(info.path), "file_id": header.file_id.hex(), "sender": header.sender,
        "recipient": header.recipient, "created": header.created.isoformat(), "size": header.size,
        "sealed_bytes": info.sealed_bytes, "segments": header.segments, "segment_bytes": header.segment_bytes,
        "keys": len(header.key_ids), "hybrid": header.hybrid, "manifest": header.manifest, "runs": info.runs,
        "header_digest": info.header_digest.hex(), "manifest_digest": info.manifest_digest.hex(),
    }  # fmt: skip


def to_report(facts: dict[str, Any]) -> str:
    """What the form of a delivery asks for (登记已密封), whole and a line each, under the form's words."""
    return "".join(f"\n  {words}  {facts[name]}" for name, words in REPORTED.items())


def receipt_place(receipt: Path, *others: Path, overwrite: bool) -> None:
    """Refuse a place for the receipt that is taken, or that is one of the other files."""
    if receipt.exists() and any(one.exists() and one.samefile(receipt) for one in others):
        stop(f"回执不能写入 {receipt.name}，它就是密封或启封的文件 / the receipt needs a file of its own")
    if receipt.exists() and not overwrite:
        stop(f"{receipt.name} 已存在，可加 --overwrite / is there already")


def tell(line: str, facts: dict[str, Any], *, as_json: bool) -> None:
    """Print a line, or the facts as JSON."""
    if as_json:
        print(shown(json.dumps(facts, ensure_ascii=False)))
    else:
        out.print(line, soft_wrap=True, highlight=False)


def speed_of(size: int, seconds: float) -> float:
    """Megabytes a second."""
    return round(size / 1e6 / seconds, 1) if seconds else 0.0


def read_kem(settings: Settings, path: Path | None) -> KemPrivateKey | None:
    """This side's ML-KEM key, where one is set."""
    from langqiao.engines.sm.mlkem import KemPrivateKey
    from langqiao.engines.sm.sm2 import read_key_file

    place = settings.path(path, "kem_key")
    return KemPrivateKey.from_pem(read_key_file(place, private=True)) if place else None
