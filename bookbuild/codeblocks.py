"""Turns a page into the code blocks that pytest-codeblocks runs: includes expanded, blocks of one program joined.

A fence that includes a section of a program continues what came before of
that program. A fence written by hand (a claim) belongs to the fence before
it; when that is part of a program, it runs once the program has ended, as
the claim is about what the whole program has found.
"""

import ast
import functools
import io
import re
from pathlib import Path

import markdown
from mkdocs.utils import yaml_load
from pytest_codeblocks.main import extract_from_buffer

from bookbuild.book import INCLUDE

OPENING = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(\S.*)$")
PYTHON = re.compile(r"(python3?|py)\b|\{[^}]*\.(python3?|py)\b")


@functools.cache
def snippets(root):
    """The preprocessor that expands includes, set up as in mkdocs.yml."""
    with open(root / "mkdocs.yml", encoding="utf-8") as file:
        extensions = yaml_load(file)["markdown_extensions"]
    settings = next(e["pymdownx.snippets"] for e in extensions
                    if isinstance(e, dict) and "pymdownx.snippets" in e)
    settings["base_path"] = [str(root / path)
                             for path in settings["base_path"]]
    converter = markdown.Markdown(
        extensions=["pymdownx.snippets"],
        extension_configs={"pymdownx.snippets": settings})
    return converter.preprocessors["snippet"]


def python_fences(text):
    """Lines (from 1) of all fences a reader would take for Python."""
    lines, inside = [], None
    for number, line in enumerate(text.splitlines(), 1):
        match = OPENING.match(line)
        if inside:
            if line.strip().startswith(inside) and not line.strip(" `~"):
                inside = None
        elif match:
            inside = match[2]
            if PYTHON.match(match[3]):
                lines.append(number)
        elif line.strip().startswith(("```", "~~~")):
            inside = line.strip()
    return lines


def plain_fences(text):
    """The same text with every Python fence opened by ```python alone."""
    wanted = set(python_fences(text))
    return "\n".join(
        OPENING.sub(r"\1\2python", line) if number in wanted else line
        for number, line in enumerate(text.split("\n"), 1))


def explain_asserts(code, path, line):
    """Give every bare assertion a message: where it stands, what it says."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            node.msg = ast.Constant(f"{path}, line {line + node.lineno}: "
                                    f"{ast.unparse(node.test)}")
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def extract(path, *arguments, **options):
    """What `pytest_codeblocks.extract_from_file` returns, for our pages.

    Args:
        path: a Markdown file below the folder of mkdocs.yml.
    Returns:
        list of code blocks. `fences` of a block lists the lines of its
        fences, `program` names the program it includes, if any.
    """
    path = Path(path)
    root = next((p for p in path.parents if (p / "mkdocs.yml").exists()), None)
    text = path.read_text(encoding="utf-8")
    blocks, by_program, last, claims = [], {}, None, {}
    for block in extract_from_buffer(io.StringIO(plain_fences(text))):
        block.fences, block.program = [block.lineno], None
        if block.syntax != "python":
            blocks.append(block)
            continue
        if include := INCLUDE.search(block.code):
            block.program = include["program"]
            block.code = "\n".join(
                snippets(root).run(block.code.splitlines())) + "\n"
        else:
            block.code = explain_asserts(block.code, path.relative_to(root),
                                         block.lineno)
        home = by_program.get(block.program) if block.program else last
        if home is None:
            blocks.append(block)
            home = block
        else:
            home.fences += block.fences
            if home.program and not block.program:
                claims.setdefault(id(home), []).append(block.code)
            else:
                home.code += block.code
        last = by_program[block.program or home.program] = home
    for block in blocks:
        block.code += "".join(claims.get(id(block), []))
    return blocks
