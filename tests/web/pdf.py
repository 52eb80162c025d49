"""The text of each page of a PDF as Chromium writes it (Skia: plain objects, deflated streams, ToUnicode maps)."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)endobj", re.DOTALL)
_SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|(\[)|(\])")


def _stream(body: bytes) -> bytes:
    start = body.index(b"stream") + len(b"stream")
    raw = body[start : body.rindex(b"endstream")].lstrip(b"\r\n")
    return zlib.decompressobj().decompress(raw) if b"/FlateDecode" in body[:start] else raw


def _characters(cmap: bytes) -> dict[int, str]:
    """Glyph to character, from a ToUnicode map."""
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int(first, 16)
            for code in range(start, int(last, 16) + 1):
                found[code] = chr(int(text, 16) + code - start)
    return found


def pages(document: bytes) -> list[str]:
    """The text of every page, in the order in which it is drawn, without spaces between pieces."""
    objects = {int(number): body for number, body in _OBJECT.findall(document)}

    def follow(body: bytes, name: bytes) -> bytes | None:
        reference = re.search(rb"/" + name + rb" (\d+) 0 R", body)
        return objects[int(reference[1])] if reference else None

    fonts: dict[int, dict[int, str]] = {}
    for number, body in objects.items():
        cmap = follow(body, b"ToUnicode")
        if cmap is not None:
            fonts[number] = _characters(_stream(cmap))
    found = []
    for body in objects.values():
        content = follow(body, b"Contents") if re.search(rb"/Type\s*/Page\b", body) else None
        if content is None:
            continue
        resources = follow(body, b"Resources") or body
        named = {name: int(ref) for name, ref in re.findall(rb"/(F\d+) (\d+) 0 R", resources)}
        text, now = "", {}
        for font, codes, *_brackets in _SHOWN.findall(_stream(content)):
            if font:
                now = fonts.get(named.get(font, 0), {})
            for at in range(0, len(codes), 4):
                text += now.get(int(codes[at : at + 4], 16), "")
        found.append(text)
    return found
