"""Split a firm's requirement (技术需求) into its technical parts.

Written for the way Chinese firms fill in such forms: headings (需求内容、预期目标、现有工作基础 …)
with or without colon, numbered items in a dozen styles, or plain sentences. Goals, budgets and what
the firm already has are no parts of the problem: nobody has to be found for them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from langqiao.engines.matching.tokenise import normalise, words

from .types import Part

# A heading is made of nothing but these words, so that "视频内容分析" or "长周期运行" is none.
_HEADING_WORDS = re.compile(
    r"(?:本|该|其|的|及|与|和|或|以及|等|有|可|主要|项目|企业|公司|单位|拟|预计|预期|期望|希望|需要?|亟待|急需|迫切"
    r"|解决|达到|技术|研究|研发|开发|攻关|合作|征集|需求|内容|难题|难点|问题|关键|科学|存在|要求|方向|方式|方案"
    r"|目标|目的|结果|成果|效果|效益|指标|考核|性能|现有|已有|目前|工作|基础|条件|实验|科研|产业化|支撑|平台|数据|软硬件"
    r"|预算|资金|经费|投入|进度|安排|期限|周期|背景|意义|必要性|国内外|现状|进展|市场|前景|分析|经济|社会|总体|阶段|具体"
    r"|简介|概况|介绍|情况|联系|人|一下|以下|如下|[一二三四五六七八九十]个?|[、/（）()\s])+"
)
# It is technical when it names one of these, whatever else it names.
_TECHNICAL = re.compile(r"需求|内容|难题|难点|关键技术|问题|研究方向|技术要求")
# It is not when it names one of these: goals, what is there already, money, time, the firm's own story.
_OTHER = re.compile(
    r"目标|目的|预期|成果|效果|效益|指标|基础|条件|平台|数据|软硬件|预算|资金|经费|投入|进度|期限|周期"
    r"|方式|方向|背景|意义|必要性|现状|进展|市场|前景|简介|概况|介绍|情况|联系"
)
_LONGEST_HEADING = 18  # characters, numbering not counted
_HEADING_WINDOW = 64  # characters looked at after a sentence, so that time stays linear in the text
_LONGEST_TEXT = 20_000  # characters read; no requirement form is longer
_HEADING = re.compile(rf"([^：:，,。；;！？!?]{{2,{_LONGEST_HEADING}}}?)\s*[：:]\s*")

_CHINESE_NUMBER = "[一二三四五六七八九十]{1,3}"
_MARK = (
    rf"(?:第?{_CHINESE_NUMBER}[、．.)）:：]|[（(]{_CHINESE_NUMBER}[）)]|[（(]\d{{1,2}}[）)]、?"
    r"|\d{1,2}[、）)．](?!\d)|\d{1,2}\.(?![\d.])|[①-⑳⑴-⒇⒈-⒛]、?|需求[一二三四五六七八九十][：:])"
)
_NUMBERED = re.compile(rf"\s*(?:{_MARK})\s*")
# Inside a line a mark counts only after punctuation or a space, else 3.5 and （2）式 would be cut.
_INLINE_MARK = re.compile(rf"(?<=[。；;：:，,！？!?\s])(?={_MARK})")
_SENTENCE_END = re.compile(r"(?<=[。；;！？!?])")

_ABOUT_THE_FIRM = re.compile(
    r"(我们?|本|贵)?(公司|企业|我司|本司|单位|集团).{0,40}"
    r"(成立|创建|始建|位于|坐落|注册资[金本]|占地|荣获|被评为|被认定|获评|高新技术企业|销售收入|营业收入|产值|利润"
    r"|员工|职工|技术人员|职称|专利|软件著作权|厂房|历史|资质|认证|研发团队|研发中心)"
)
_COURTESY = re.compile(
    r"(希望|期待|诚[邀寻]|欢迎|寻求|愿意?).{0,16}(合作|专家|院校|高校|科研院所|交流|支持)[^，,]{0,14}$"
    r"|请求?(有关)?专家|给予指教|为社会做出|(投入|预算|经费|资金).{0,12}\d+.{0,3}万"
)
_SHORTEST = 3  # words that carry meaning; with fewer a piece is not a part of its own


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    heading: str
    item: bool  # opens with a number


def split_problem(text: str, *, title: str = "", limit: int = 12) -> tuple[Part, ...]:
    """The technical parts of a requirement in reading order, at most ``limit``.

    Numbered items are parts with all that follows them up to the next number; where a section has no
    numbers, each sentence is a part. Pieces too short to search for join the one before; where there
    are more than ``limit``, the shortest neighbours are joined. A text without any technical part is
    one part as a whole, and only a blank text (and title) has none. The first 20,000 characters are read.

    >>> text = "需求内容：1、低成本激光雷达成像；2、高精度航向角测量。预期目标：成本降低"
    >>> [part.text for part in split_problem(text)]
    ['低成本激光雷达成像', '高精度航向角测量']

    Raises:
        ValueError: ``limit`` is below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    text = text[:_LONGEST_TEXT]
    pieces = list(_joined(_pieces(text)))
    kept = [piece for piece in pieces if _is_technical(piece.text)]
    if not kept:
        whole = _clean(text) or _clean(title)
        return (Part(1, whole, title=_clean(title)),) if whole else ()
    merged = _at_most(_distinct(kept), limit)
    return tuple(
        Part(number, piece.text, piece.heading, _clean(title)) for number, piece in enumerate(merged, 1)
    )


def _pieces(text: str) -> Iterator[_Piece]:
    """Sentences and items of the technical sections, each under its heading."""
    heading, technical, numbered = "", True, False
    for line in text.replace("\r", "\n").split("\n"):
        for segment in _segments(line):
            body = segment
            is_item = _NUMBERED.match(segment) is not None
            label, rest = _heading(body)
            if label:
                heading, technical, numbered = label, _TECHNICAL.search(label) is not None, False
                body, is_item = rest, _NUMBERED.match(rest) is not None
            if not technical:
                continue
            for piece in _SENTENCE_END.split(body):
                bare = _clean(_NUMBERED.sub("", piece, count=1) if is_item else piece)
                if bare:
                    yield _Piece(bare, heading, is_item or not numbered)
                    numbered = numbered or is_item
                is_item = False


def _segments(line: str) -> Iterator[str]:
    """A line cut before inline numbers, and before sentences that open with a heading."""
    for chunk in _INLINE_MARK.split(line):
        start = 0
        for cut in _SENTENCE_END.finditer(chunk):
            if _heading(chunk[cut.end() : cut.end() + _HEADING_WINDOW])[0]:
                yield chunk[start : cut.end()]
                start = cut.end()
        yield chunk[start:]


def _heading(segment: str) -> tuple[str, str]:
    """The heading that a segment opens with, and what follows it; "" where there is none."""
    bare = _NUMBERED.sub("", segment.strip(), count=1).strip(' \t"“”【】[]*#　')
    found = _HEADING.match(bare)
    if not found and len(bare) > _LONGEST_HEADING:
        return "", segment
    label = found.group(1).strip() if found else bare
    named = _TECHNICAL.search(label) or _OTHER.search(label)
    if named and _HEADING_WORDS.fullmatch(label):
        return label, bare[found.end() :] if found else ""
    return "", segment


def _joined(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """Join what follows a numbered item, and what is too short, to the piece before."""
    current: _Piece | None = None
    for piece in pieces:
        same = current is not None and current.heading == piece.heading
        if current is not None and same and (not piece.item or _too_short(piece.text)):
            current = replace(current, text=_join(current.text, piece.text))
            continue
        if current is not None:
            yield current
        current = piece
    if current is not None:
        yield current


def _join(first: str, second: str) -> str:
    return f"{first}；{second}"


def _too_short(text: str) -> bool:
    return len(set(words(text))) < _SHORTEST


def _is_technical(text: str) -> bool:
    """Whether anything remains of a piece once the firm's own story and courtesies are left out."""
    clauses = [c for c in re.split(r"[；;]", text) if c]
    return any(
        not (_ABOUT_THE_FIRM.search(clause) or _COURTESY.search(clause)) and not _too_short(clause)
        for clause in clauses
    )


def _distinct(pieces: list[_Piece]) -> list[_Piece]:
    seen: dict[str, _Piece] = {}
    for piece in pieces:
        seen.setdefault("".join(words(piece.text)) or normalise(piece.text), piece)
    return list(seen.values())


def _at_most(pieces: list[_Piece], limit: int) -> list[_Piece]:
    """Join the two neighbours that are shortest together until no more than ``limit`` are left."""
    result = list(pieces)
    while len(result) > limit:
        sizes = [len(a.text) + len(b.text) for a, b in itertools.pairwise(result)]
        at = sizes.index(min(sizes))
        result[at : at + 2] = [replace(result[at], text=_join(result[at].text, result[at + 1].text))]
    return result


def _clean(text: str) -> str:
    """One line without the punctuation and spaces around it."""
    return re.sub(r"\s+", " ", text).strip(' 。；;，,：:、！!"“”*#')
