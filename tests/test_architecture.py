"""The rules that ARCHITECTURE.md states: the tree, the layers, and the size of files and functions."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

PACKAGES = ("tar_core", "tar_blender", "benchmarks", "scripts")
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 80

# From top to bottom; a module may import its own layer and those below. The longest prefix decides.
LAYERS = (
    ("benchmarks",),
    ("scripts", "tar_core.__main__", "tar_core.cli"),
    ("tar_blender",),
    ("tar_core.training",),
    (
        "tar_core.evaluation",
        "tar_core.batch",
        "tar_core.engine.server",
        "tar_core.engine.__main__",
        "tar_core.engine.launch",
    ),
    ("tar_core.capture",),
    ("tar_core.views",),
    ("tar_core.cleanup", "tar_core.synthetic", "tar_core.overlay"),
    ("tar_core.datasets",),
    ("tar_core.people", "tar_core.hands", "tar_core.face"),
    ("tar_core.runtime",),
    ("tar_core.model",),
    ("tar_core.camera",),
    ("tar_core.body", "tar_core.video", "tar_core.amass", "tar_core.engine.client", "tar_core.engine.blocking_client"),
    (
        "tar_core",
        "tar_core.camera.trajectory",
        "tar_core.people.selection",
        "tar_core.people.boxes",
        "tar_core.capture.progress",
        "tar_core.engine",
    ),
)
# Packages that must not import each other although the layers would allow it.
STRANGERS = (
    ("tar_core.cleanup", "tar_core.synthetic"),
    ("tar_core.cleanup", "tar_core.datasets"),
    ("tar_core.video", "tar_core.body"),
    ("tar_core.evaluation", "tar_core.engine"),
    ("tar_blender", "tar_core.training"),
    ("tar_blender", "tar_core.capture"),
    ("tar_blender", "tar_core.model"),
)
IN_BLENDER = (
    "tar_blender",
    "tar_core.batch",
    "tar_core.cleanup",
    "tar_core.views",
    "tar_core.options",
    "tar_core.motion",
    "tar_core.engine.client",
)
IN_CAPTURE = (
    "tar_core.capture",
    "tar_core.people",
    "tar_core.hands",
    "tar_core.face",
    "tar_core.video",
    "tar_core.camera",
    "tar_core.overlay",
    "tar_core.cli",
)


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((REPOSITORY / package).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in sources()}


@cache
def imports(path: Path, in_functions: bool = True) -> set[str]:
    """The modules that a file imports: those of this repository by name, others by their first part.

    Imports for type checking do not count.

    Args:
        in_functions: also count imports inside functions.
    """
    tree = ast.parse(path.read_text())
    ignored = {
        id(inner)
        for node in ast.walk(tree)
        if (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        or (isinstance(node, ast.FunctionDef) and not in_functions)
        for inner in ast.walk(node)
    }
    package = module_name(path).split(".")[: None if path.name == "__init__.py" else -1]
    found = set()
    for node in ast.walk(tree):
        if id(node) in ignored:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {name if (name := f"{module}.{alias.name}") in MODULES else module for alias in node.names}
    return {name if name in MODULES else name.split(".")[0] for name in found}


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer(module: str) -> int:
    matches = [(len(name), number) for number, names in enumerate(LAYERS) for name in names if is_in(module, name)]
    return max(matches)[1]


def test_a_layer_imports_only_layers_below() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        for imported in imports(path) & MODULES.keys()
        if layer(imported) < layer(module)
    ]
    assert not wrong


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_these_packages_do_not_know_each_other(one: str, other: str) -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        for imported in imports(path)
        for a, b in ((one, other), (other, one))
        if is_in(module, a) and is_in(imported, b)
    ]
    assert not wrong


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph = {module: imports(path) & MODULES.keys() - {module} for module, path in MODULES.items()}
    while graph:
        leaves = {module for module, needed in graph.items() if not needed & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {module: needed for module, needed in graph.items() if module not in leaves}


@pytest.mark.parametrize("package", IN_BLENDER)
def test_packages_that_run_in_blender_need_no_other_packages(package: str) -> None:
    assert not loaded_with(package) & {"torch", "onnxruntime", "cv2", "scipy", "safetensors", "smplx"}


@pytest.mark.parametrize("package", IN_CAPTURE)
def test_capture_needs_no_pytorch(package: str) -> None:
    assert not loaded_with(package) & {"torch", "scipy", "onnx"}


def loaded_with(package: str) -> set[str]:
    """What importing all modules of a package imports, by the whole chain of imports at module level."""
    seen: set[str] = set()
    waiting = {module for module in MODULES if is_in(module, package)}
    while waiting:
        module = waiting.pop()
        seen.add(module)
        if module in MODULES:
            waiting |= imports(MODULES[module], in_functions=False) - seen
    return seen


def written_tree() -> dict[str, set[str]]:
    """Folder -> files, as ARCHITECTURE.md lists them."""
    text = (REPOSITORY / "ARCHITECTURE.md").read_text()
    block = re.search(r"## Tree\n.*?```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    tree: dict[str, set[str]] = defaultdict(set)
    folder = ""
    for line in block[1].splitlines():
        words = line.split()
        if not line.startswith(" "):
            folder, *words = words
        tree[folder.rstrip("/")] |= set(words)
    return dict(tree)


def real_tree() -> dict[str, set[str]]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    tree: dict[str, set[str]] = defaultdict(set)
    for name in listing.stdout.splitlines():
        path = Path(name)
        if (REPOSITORY / path).is_file() and path.name != "__init__.py":
            tree[str(path.parent)].add(path.name.removesuffix(".py"))
    return dict(tree)


def format_tree(tree: dict[str, set[str]]) -> str:
    """The tree as ARCHITECTURE.md holds it: `python -m tests.test_architecture` prints it."""
    lines = []
    for folder, files in sorted(tree.items()):
        line = f"{folder}/".ljust(24)
        for name in sorted(files):
            if len(line) + len(name) + 2 > 120:
                lines.append(line.rstrip())
                line = " " * 24
            line += f"  {name}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def test_the_tree_of_the_document_is_the_repositorys() -> None:
    assert written_tree() == real_tree(), "print the tree with: python -m tests.test_architecture"


@pytest.mark.parametrize("root", [*PACKAGES, "tests"])
def test_files_and_functions_are_short(root: str) -> None:
    tables = {"tar_blender/retarget/known_rigs.py"}  # tables of data
    wrong = []
    for path in sorted((REPOSITORY / root).rglob("*.py")):
        name, text = str(path.relative_to(REPOSITORY)), path.read_text()
        if text.count("\n") > MAX_FILE_LINES and name not in tables:
            wrong.append(f"{name} has {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length >= MAX_FUNCTION_LINES:
                    wrong.append(f"{name}: {node.name} has {length} lines")
    assert not wrong


def test_documents_keep_to_their_length() -> None:
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= 100
    assert len((REPOSITORY / "docs" / "benchmarks.md").read_text().splitlines()) <= 150


if __name__ == "__main__":
    sys.stdout.write(format_tree(real_tree()) + "\n")
