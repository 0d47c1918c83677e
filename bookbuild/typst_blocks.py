"""Turns Pandoc's document of the book into calls of what book.typ defines.

What Pandoc writes as Typst by itself (paragraphs, lists, tables, emphasis)
stays as it is. What print_html.py marked with data attributes becomes a call.
"""

import re

from bookbuild.print_maths import split_tag

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
JOIN, BREAK = "\u2060", "\u200b"  # forbids and allows to break a line
CLOSING = tuple(".,;:!?)]}’”")  # no line ever starts with these
OPENING = tuple("([{‘“-–—")  # a line may end after these or never does
WIDEST = 36  # em, for a formula inside a line


def to_typst(blocks, formulas, drawings):
    """Replace marked elements by calls.

    Args:
        blocks: Pandoc's blocks.
        formulas: list of (TeX, whether displayed, page URI).
        drawings: the drawing of each, as `draw_formulas` returns them.
    Returns:
        the new blocks.
    """
    notes = {}

    def walk(nodes):
        """Convert a list of elements, or what is inside other lists."""
        found = []
        for node in nodes:
            if isinstance(node, list):
                found.append(walk(node))
            elif not isinstance(node, dict) or "c" not in node:
                found.append(node)
            elif handler := handlers.get(node["t"]):
                found += handler(node["c"])
            elif isinstance(node["c"], list):
                found.append({**node, "c": walk(node["c"])})
            else:
                found.append(node)
        return glue_formulas(found)

    def word(content):
        return [{"t": "Str", "c": breakable(content, 60)}]

    def header(content):
        _, attributes, inlines = content
        data = read(attributes)
        call = "#title({}, {}, {}, {})[".format(
            literal(data["kind"]), data["level"],
            literal(data.get("number", "")), literal(data.get("label", "")))
        return [paragraph(inline(call), *walk(inlines), inline("]"))]

    def code_block(content):
        attributes, text = content
        data = read(attributes)
        names = [literal(data.get(key, "")) for key in ("language", "name")]
        return [block("#listing({}, {}, {}, {}, {})".format(
            literal(breakable(text, 60)), literal(data.get("listing", "code")),
            *names, flag(data.get("joined"))))]

    def code(content):
        return [inline(f"#raw({literal(breakable(content[1], 24))});")]

    def link(content):
        attributes, inlines, (url, _) = content
        data = read(attributes)
        if label := data.get("label"):
            call = f"#linked({literal(label)}, {flag('far' in data)})["
        else:
            call = f"#link({literal(url)})["
        return [inline(call), *walk(inlines), inline("];")]

    def span(content):
        attributes, inlines = content
        data = read(attributes)
        if "formula" in data:
            return [inline(formula(int(data["formula"])))]
        if "image" in data:
            return [inline(f"#picture{picture(data)};")]
        if "footnote" in data:
            return [{"t": "Note", "c": notes[data["footnote"]]}]
        if "anchor" in data:
            return [inline(f"#anchor({literal(data['anchor'])});")]
        return walk(inlines)

    def formula(number):
        (tex, display, _), drawing = formulas[number], drawings[number]
        scale = 1 if display else min(1, WIDEST / drawing["width"])
        sizes = [f"{drawing[side] * scale:.4f}em"
                 for side in ("width", "height", "depth")]
        arguments = ", ".join([f'"formula-{number}.svg"', *sizes,
                               literal(tex)])
        if display:
            return (f"#display-formula({arguments}, "
                    f"{literal(split_tag(tex)[1])})")
        return f"#inline-formula({arguments});"

    def div(content):
        attributes, blocks = content
        data = read(attributes)
        if "formula" in data:
            return [block(formula(int(data["formula"])))]
        if "note" in data:
            return []
        if "figure" in data:
            return figure(data, blocks)
        if "box" in data:
            return box(data, blocks)
        label = literal(data.get("label", ""))
        if "reference" in data:
            return [block(f"#reference({label})["), *walk(blocks), block("]")]
        if "programs" in data:
            return [block("#programs["), *walk(blocks), block("]")]
        return walk(blocks)

    def figure(data, blocks):
        pictures, caption = [], []
        for child in blocks:
            images = [read(node["c"][0]) for node in child["c"]
                      if isinstance(node, dict) and node["t"] == "Span"
                      ] if child["t"] in ("Plain", "Para") else []
            images = [image for image in images if "image" in image]
            pictures += map(picture, images)
            caption += [] if images else [child]
        call = "#drawing(({},), {})[".format(
            ", ".join(pictures), literal(data.get("label", "")))
        return [block(call), *walk(caption), block("]")]

    def box(data, blocks):
        title = []
        if blocks and "title" in read(attributes_of(blocks[0])):
            title, blocks = blocks[0]["c"][1], blocks[1:]
        call = "#boxed({}, {})[".format(
            literal(data["box"]), literal(data.get("label", "")))
        return [block(call), *walk(title), block("]["), *walk(blocks),
                block("]")]

    handlers = {"Str": word, "Code": code, "CodeBlock": code_block,
                "Header": header, "Link": link, "Span": span, "Div": div}
    collect_notes(blocks, notes)
    for key in notes:
        notes[key] = walk(notes[key])
    return walk(blocks)


def collect_notes(blocks, notes):
    """Find the text of every footnote, by its label."""
    for node in blocks:
        if node["t"] == "Div":
            if label := read(node["c"][0]).get("note"):
                notes[label] = node["c"][1]
            collect_notes(node["c"][1], notes)


def glue_formulas(nodes):
    """Keep a line from ending between a formula and what touches it.

    Typst may otherwise break "x-axis" before the hyphen when x is a formula.
    """
    found = []
    for node in nodes:
        if found and touches(found[-1], node):
            found.append({"t": "Str", "c": JOIN})
        found.append(node)
    return found


def touches(first, second):
    """Whether of two neighbours one is a formula and the other a word."""
    if is_formula(first):
        return is_word(second) and not second["c"].startswith(CLOSING)
    return (is_formula(second) and is_word(first)
            and not first["c"].endswith(OPENING))


def is_formula(node):
    """Whether this is the call that `formula` wrote for a line of text."""
    return (isinstance(node, dict) and node.get("t") == "RawInline"
            and node["c"][1].startswith("#inline-formula("))


def is_word(node):
    """Whether this is a piece of text without spaces."""
    return isinstance(node, dict) and node.get("t") == "Str"


def attributes_of(node):
    """The attributes of a Div, and none for anything else."""
    return node["c"][0] if node["t"] == "Div" else ["", [], []]


def read(attributes):
    """Data attributes by name; Pandoc drops "data-" from some of them."""
    return {name.removeprefix("data-"): value
            for name, value in attributes[2]}


def picture(data):
    """The arguments of an image: file, alternative text, width."""
    width = f"{data['width']}pt" if data.get("width") else "auto"
    return f"({literal(data['image'])}, {literal(data['alt'])}, {width})"


def literal(text):
    """A text as a string of Typst, on one line."""
    text = CONTROL.sub("", text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"'


def flag(value):
    """A truth value of Typst."""
    return "true" if value else "false"


def breakable(text, longest):
    """Allow a line break inside of words of code that are very long."""
    def split(match):
        pieces = re.findall(rf".{{1,{longest}}}", match[0])
        return BREAK.join(pieces)

    return re.sub(rf"\S{{{longest + 1},}}", split, text)


def inline(text):
    """A piece of Typst inside a paragraph."""
    return {"t": "RawInline", "c": ["typst", text]}


def block(text):
    """A piece of Typst between paragraphs."""
    return {"t": "RawBlock", "c": ["typst", text]}


def paragraph(*inlines):
    """A paragraph."""
    return {"t": "Para", "c": list(inlines)}
