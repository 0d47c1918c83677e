"""The rooms of the machinery: who may import whom, no state outside of objects, ruff and mypy have nothing to say."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT

PACKAGE = ROOT / "bookbuild"
MODULES = sorted(p.relative_to(ROOT).as_posix() for p in PACKAGE.rglob("*.py"))
# What the modules of a room may import of the book's own; nothing imports bench.
MAY_IMPORT = {
    "run": {"errors", "run"},
    "pages": {"errors", "run", "pages"},
    "paper": {"errors", "pages", "paper"},
    "check": {"errors", "run", "pages", "check", "plugin", "building"},
    "": {
        "errors",
        "run",
        "pages",
        "paper",
        "plugin",
        "building",
        "ahead",
        "serving",
        "printing",
    },
}
COMMANDS = {"bookbuild/__main__.py": {"check", "newpage"}}
STRANGERS = {
    "run": {"mkdocs", "markdown", "pymdownx", "lxml", "pytest"},
    "pages": {"mkdocs", "pytest"},
    "paper": {"mkdocs", "markdown", "pymdownx", "pytest"},
    "check": set(),
    "": {"pytest"},
}
# What is installed in this process; it does not belong to a build.
KNOWN_STATE = {"bookbuild/run/reads.py": {"_libraries"}}


def room(module):
    """The room a module stands in; "" for the hall."""
    parts = module.split("/")
    return parts[1] if len(parts) == 3 else ""


def tree(module):
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def imported(module):
    """Everything a module imports, also inside functions: full names."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports have their full names"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module):
    where = room(module)
    may = MAY_IMPORT[where] | COMMANDS.get(module, set())
    for name in imported(module):
        first, *rest = name.split(".")
        assert first != "bench", f"{module} imports bench"
        assert first not in STRANGERS[where], f"{module} imports {name}"
        if first == "bookbuild" and rest[0] != "__version__":
            assert rest[0] in may, f"{module} imports {name}"


def state(module):
    """Names of a module that can only be there to change: (line, name)."""
    makers = {"dict", "list", "set", "deque", "defaultdict", "Lock", "RLock", "Queue"}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Global):
            yield from ((node.lineno, name) for name in node.names)
        for decorator in getattr(node, "decorator_list", []):
            if ast.unparse(decorator).partition("(")[0].endswith("cache"):
                yield node.lineno, node.name
    for node in tree(module).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            value = node.value
            made = (
                isinstance(value, ast.Call)
                and not value.args
                and (ast.unparse(value.func).rpartition(".")[2] in makers)
            )
            empty = ast.unparse(value) in ("[]", "{}")
            if made or empty:
                yield node.lineno, ast.unparse(node).split()[0].rstrip(":")


@pytest.mark.parametrize("module", MODULES)
def test_no_state_lies_outside_of_objects(module):
    known = KNOWN_STATE.get(module, set())
    found = [
        f"line {line}: {name}" for line, name in state(module) if name not in known
    ]
    assert not found, f"{module} keeps state of a build: {', '.join(found)}"


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        pytest.param(["mypy"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_linters_have_nothing_to_say(command):
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-5000:]
