"""Gives drawings the letters they are written in, so that their text is text and looks the same everywhere.

A drawing in a page cannot use the page's fonts. It carries its own: of each,
the letters that it has.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

    from bookbuild.run.store import Store

WRITTEN = re.compile(r'<(?:text|tspan)\b[^>]*\bstyle="([^"]*)"[^>]*>([^<]+)<')
FAMILIES = re.compile(r"font-family:\s*([^;]*)")
WEIGHT = re.compile(r"font-weight:\s*(\w+)")
SLANTED = re.compile(r"font-style:\s*(?:italic|oblique)")
BOLD = 600  # weights from here on are written with the bold font
WHOLE = re.compile(r"<text\b([^>]*)>\s*((?:<tspan\b[^>]*>[^<]*</tspan>\s*)+)</text>")
LETTERS = re.compile(
    r'<tspan x="([-.\d ]+)" y="([-.\d]+)" style="([^"]*)">([^<]*)</tspan>'
)
OPENING = re.compile(r"<svg\b[^>]*>")
logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns of old dates


@dataclass(frozen=True)
class Font:
    """One font file of a face.

    Attributes:
        path: a TrueType or OpenType file.
        family: its name, as in `font-family`.
        bold, slanted: which of the face's it is.
    """

    path: Path
    family: str
    bold: bool
    slanted: bool

    @property
    def name(self) -> tuple[str, bool, bool]:
        """What a drawing asks for; the same wherever the file lies."""
        return self.family, self.bold, self.slanted

    @cached_property
    def content(self) -> bytes:
        """The file."""
        return self.path.read_bytes()

    @cached_property
    def key(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def opened(self) -> TTFont:
        """The file, read."""
        from fontTools.ttLib import TTFont

        return TTFont(io.BytesIO(self.content), lazy=True)

    @cached_property
    def letters(self) -> frozenset[str]:
        """The characters it has."""
        return frozenset(map(chr, self.opened.getBestCmap()))


class Faces:
    """The fonts in which drawings are written.

    Args:
        files: font files of the book.
        store: where parts of fonts are kept.
    """

    def __init__(self, files: Sequence[Path], store: Store) -> None:
        self.files, self.store = tuple(files), store

    @cached_property
    def fonts(self) -> dict[tuple[str, bool, bool], Font]:
        """All of them, with those that Matplotlib brings, by what a drawing asks for."""
        found = {}
        for path in [*self.files, *sorted(matplotlibs().glob("*.ttf"))]:
            font = describe(path)
            found.setdefault(font.name, font)
        return found

    def folders(self) -> list[Path]:
        """The folders in which they lie."""
        return sorted({file.parent for file in self.files} | {matplotlibs()})

    def embedded(self, svg: str) -> str:
        """The same drawing, with the fonts of its text."""
        needed: dict[Font, set[str]] = defaultdict(set)
        for style, text in WRITTEN.findall(svg):
            for letter in unescape(text):
                if font := self.font(style, letter):
                    needed[font].add(letter)
        if not needed:
            return svg
        rules = "".join(
            f"@font-face{{font-family:'{font.family}';"
            f"font-weight:{700 if font.bold else 400};"
            f"font-style:{'italic' if font.slanted else 'normal'};"
            f"src:url(data:font/woff;base64,{self.part(font, letters)})}}"
            for font, letters in sorted(needed.items(), key=lambda n: n[0].name)
        )
        style = f'<style type="text/css">{rules}</style>'
        return OPENING.sub(lambda found: found[0] + style, svg, count=1)

    def font(self, style: str, letter: str) -> Font | None:
        """The font with which a letter is written, if it is one of ours.

        Args:
            style: the style of its text, as in CSS.
        """
        families = FAMILIES.search(style)
        weight = WEIGHT.search(style)
        bold = bool(weight) and is_bold(weight[1])  # type: ignore[index]
        slanted = bool(SLANTED.search(style))
        for family in families[1].split(",") if families else []:
            name = family.strip(" '\"")
            for look in ((name, bold, slanted), (name, bold, False)):
                font = self.fonts.get(look)
                if font and letter in font.letters:
                    return font
        return None

    def part(self, font: Font, letters: set[str]) -> str:
        """A font with these letters alone, as WOFF in base 64."""
        return self.kept(font.key, font.content, letters, whole=False)

    def cut(self, content: bytes, letters: set[str]) -> bytes:
        """A font file of the site with no other letters, as WOFF2."""
        key = hashlib.sha256(content).hexdigest()
        return base64.b64decode(self.kept(key, content, letters, whole=True))

    def kept(self, key: str, content: bytes, letters: set[str], *, whole: bool) -> str:
        """A part of a font from the store, where it is put when it is new."""
        shown = "".join(sorted(letters))
        key = f"{key} {whole} {shown}"
        part = self.store.get("faces", key)
        if not isinstance(part, str):
            part = base64.b64encode(subset(content, shown, whole=whole)).decode()
            self.store.put("faces", key, part)
        return part


def subset(content: bytes, letters: str, *, whole: bool) -> bytes:
    """A font file of these letters, the same bytes for the same letters.

    Args:
        content: a font file.
        letters: those that stay; others may be missing from the font.
        whole: whether it stays as it is but for its letters, in WOFF2 and
            with all that a browser can do with it; else it is a WOFF file
            for a drawing.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(
        layout_features=["*"] if whole else ["kern"],
        hinting=whole,
        name_IDs=[],
        notdef_outline=whole,
        glyph_names=False,
        recalc_timestamp=False,
    )
    part: Any = TTFont(io.BytesIO(content), lazy=True, recalcTimestamp=False)
    cutter = Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(part)
    part.flavor = "woff2" if whole else "woff"
    file = io.BytesIO()
    part.save(file, reorderTables=False)
    return file.getvalue()


def describe(path: Path) -> Font:
    """What a font file says of itself."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        names, head = font["name"], font["head"]
        family = names.getDebugName(16) or names.getDebugName(1) or path.stem
        return Font(path, family, bool(head.macStyle & 1), bool(head.macStyle & 2))


def matplotlibs() -> Path:
    """The folder of the fonts that Matplotlib brings."""
    spec = find_spec("matplotlib")
    folder = Path((spec and spec.origin) or "matplotlib").parent
    return folder / "mpl-data" / "fonts" / "ttf"


def is_bold(weight: str) -> bool:
    """Whether a weight, as in CSS, is that of the bold font."""
    return int(weight) >= BOLD if weight.isdigit() else weight in ("bold", "bolder")


def in_order(svg: str) -> str:
    """The same drawing; the letters of its formulas stand in the order of reading.

    Matplotlib writes each letter of a line with a formula by itself, and
    those in one style before those in another.
    """
    return WHOLE.sub(lambda text: joined(text[1], text[2]), svg)


def joined(attributes: str, spans: str) -> str:
    """A line of text whose letters come from left to right, those alike together."""
    found = LETTERS.findall(spans)
    letters = [
        (float(x), y, style, letter)
        for xs, y, style, text in found
        for x, letter in zip(xs.split(), split(text), strict=False)
    ]
    if spans.count("<tspan") != len(found) or len(letters) != sum(
        len(split(text)) for *_, text in found
    ):
        return f"<text{attributes}>{spans}</text>"  # not as Matplotlib writes it
    letters.sort(key=lambda letter: letter[0])
    runs: list[tuple[str, str, list[float], list[str]]] = []
    for x, y, style, letter in letters:
        if not runs or runs[-1][:2] != (y, style):
            runs.append((y, style, [], []))
        runs[-1][2].append(x)
        runs[-1][3].append(letter)
    inner = "".join(
        f'<tspan x="{" ".join(f"{x:g}" for x in xs)}" y="{y}" style="{style}">'
        f"{''.join(text)}</tspan>"
        for y, style, xs, text in runs
    )
    return f'<text xml:space="preserve"{attributes}>{inner}</text>'


def split(text: str) -> list[str]:
    """The letters of a text in XML; an entity counts as one."""
    return re.findall(r"&[#\w]+;|.", text, re.DOTALL)
