"""A polite client: cursor paging, a steady rate, retries with back-off, resume from a saved cursor."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid, Refused

BASE = "https://api.openalex.org"
PER_PAGE = 100  # the most that the API gives (page through results)
PAGE_BYTES = 64 << 20
SELECT = {
    "works": (
        "id", "display_name", "publication_date", "language", "type", "authorships",
        "abstract_inverted_index", "keywords", "primary_topic",
    ),
    "institutions": (
        "id", "display_name", "display_name_alternatives", "international", "country_code", "type",
        "homepage_url", "geo",
    ),
}  # fmt: skip
_RETRIED = frozenset({403, 408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        entity: ``works`` or ``institutions``.
        filter: the API's filter, such as ``institutions.id:I76130692,from_publication_date:2024-01-01``.
        search: words searched in title, abstract and full text.
    """

    entity: str
    filter: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results; ``following`` is the cursor of the next one, empty after the last."""

    results: list[dict[str, Any]]
    total: int
    following: str


@dataclass(slots=True)
class Saved:
    """Where an import stands: kept beside the data, so that a stopped one goes on."""

    query: Query
    cursor: str = "*"
    done: int = 0

    @classmethod
    def read(cls, path: Path | None, query: Query) -> Self:
        """The saved place of this very query, or the beginning."""
        if path is None or not path.exists():
            return cls(query)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["query"] == asdict(query):
                return cls(query, str(kept["cursor"]), int(kept["done"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(
                _("续传文件 %(name)s 已损坏。") % {"name": path.name}, mend=_("请删除它，从头开始。")
            ) from error
        return cls(query)

    def write(self, path: Path | None) -> None:
        """Keep the place; a crash leaves the old or the new one, never half of one."""
        if path is None:
            return
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.replace(path)


@dataclass
class OpenAlex:
    """The client.

    Attributes:
        mailto: address by which OpenAlex can reach who calls (polite pool).
        api_key: free key of the account; without one the API answers few requests a day.
        rate: requests a second at most.
        retries: further tries of a request that failed in passing.
        patience: seconds that one wait may last; a longer ``Retry-After`` ends the run, to be resumed.
        wait: how to wait, ``time.sleep``.
        dice: spreads the waits of several clients.
    """

    base: str = BASE
    mailto: str = ""
    api_key: str = ""
    per_page: int = PER_PAGE
    rate: float = 5.0
    retries: int = 6
    patience: float = 120.0
    timeout: float = 30.0
    wait: Callable[[float], None] = time.sleep
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  not a secret
    _last: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        contact = f" (mailto:{self.mailto})" if self.mailto else ""
        self._http = httpx.Client(timeout=self.timeout, headers={"User-Agent": f"langqiao{contact}"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def pages(self, query: Query, *, state: Path | None = None, limit: int | None = None) -> Iterator[Page]:
        """The pages of a query, from the saved place on.

        The place is saved when the next page is asked for: what was being worked on when a process
        died comes again.

        Args:
            state: file of the saved cursor; removed at the end.
            limit: end, with the place saved, after the page that reaches this many results.

        Raises:
            Invalid: the API refuses the query.
            Refused: the API did not answer, or asks to wait longer than ``patience``.
        """
        if query.entity not in SELECT:
            raise Invalid(_("只能导入 works 或 institutions。"), field="entity")
        saved, read = Saved.read(state, query), 0
        while saved.cursor:
            page = self._page(query, saved.cursor)
            yield page
            saved.done += len(page.results)
            saved.cursor = page.following
            saved.write(state)
            read += len(page.results)
            if saved.cursor and limit is not None and read >= limit:
                return
        if state is not None:
            state.unlink(missing_ok=True)

    def _page(self, query: Query, cursor: str) -> Page:
        params = {"per_page": str(self.per_page), "cursor": cursor, "select": ",".join(SELECT[query.entity])}
        given = {
            "filter": query.filter,
            "search": query.search,
            "mailto": self.mailto,
            "api_key": self.api_key,
        }
        answer = self._get(f"{self.base}/{query.entity}", params | {k: v for k, v in given.items() if v})
        try:
            results, meta = answer["results"], answer["meta"]
            found = [result for result in results if isinstance(result, dict)]
            following = str(meta.get("next_cursor") or "") if results else ""
            return Page(found, int(meta.get("count") or 0), following)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refused(
                _("OpenAlex 的答复不合其公布的格式。"), mend=_("请稍后重试，或报告这一问题。")
            ) from error

    def _get(self, address: str, params: dict[str, str]) -> Any:
        """One answer, asked for again while the fault may pass."""
        fault = ""
        for attempt in range(self.retries + 1):
            pause = 0.0
            self._be_polite()
            try:
                status, headers, body = self._fetch(address, params)
                if status == 200:
                    return json.loads(body)
                if status not in _RETRIED:
                    raise _refused(status, body)
                fault, pause = f"HTTP {status}", _retry_after(headers)
            except httpx.TransportError as error:
                fault = type(error).__name__
            except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
                fault = _("答复不完整")
            pause = max(pause, min(60.0, 2.0**attempt) * self.dice.uniform(0.5, 1.0))
            if pause > self.patience:
                raise Refused(
                    _("OpenAlex 要求等待 %(seconds)d 秒，可能已用完当日额度。") % {"seconds": pause},
                    mend=_("请届时用同一续传文件继续，或填写接口密钥。"),
                )
            if attempt < self.retries:
                self.wait(pause)
        raise Refused(
            _("OpenAlex 多次没有正常答复（%(fault)s）。") % {"fault": fault},
            mend=_("请检查网络，稍后用同一续传文件继续。"),
        )

    def _fetch(self, address: str, params: dict[str, str]) -> tuple[int, httpx.Headers, bytes]:
        with self._http.stream("GET", address, params=params) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > PAGE_BYTES:
                    raise Refused(_("OpenAlex 的答复过大。"), mend=_("请缩小每页条数。"))
            return response.status_code, response.headers, bytes(body)

    def _be_polite(self) -> None:
        early = self._last + 1 / self.rate - time.monotonic()
        if early > 0:
            self.wait(early)
        self._last = time.monotonic()


def _retry_after(headers: httpx.Headers) -> float:
    """Seconds of a ``Retry-After`` header (RFC 9110 §10.2.3): a number or a date."""
    said = headers.get("Retry-After", "").strip()
    if said.isdigit() and len(said) < 9:
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _refused(status: int, body: bytes) -> Invalid:
    if status == 401:
        return Invalid(
            _("OpenAlex 需要接口密钥（HTTP 401）。"),
            mend=_("请在 openalex.org 免费申请密钥后填写。"),
            field="api_key",
        )
    try:
        said = str(json.loads(body).get("message") or "")
    except (ValueError, AttributeError):
        said = ""
    return Invalid(
        _("OpenAlex 拒绝了查询（HTTP %(status)d）：%(said)s") % {"status": status, "said": said[:300] or "—"},
        mend=_("请检查过滤条件的写法。"),
        field="filter",
    )
