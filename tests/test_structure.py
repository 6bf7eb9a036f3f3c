"""The house's floors: what each part of the package may import, and what importing one layer brings along."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dirv_tf"
# From the ground up; a part imports from parts on lower floors and from itself.
FLOORS = [
    {"validation", "worker_processes", "resource_errors", "stop_signals"},
    {"appearance_range", "lesion_range"},
    {"geometry", "io"},
    {"synthesis", "layers", "losses", "metrics"},
    # The learning curves are labeled by the table of metrics.
    {"figures"},
    {"models", "datasets"},
    {"registration"},
    {"training"},
    {"report"},
    {"cli"},
]
# The rooms of the largest part, from the ground up as well.
ROOMS = ["maps", "images", "optimization", "alignment", "networks", "route", "results"]
# Beside each other by design: the metrics of a test row are made of the errors that the losses use.
SIDEWAYS = {("metrics", "losses")}


def imported_parts(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "dirv_tf":
            parts = node.module.split(".")[1:2] or [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            parts = [a.name.split(".")[1] for a in node.names if a.name.startswith("dirv_tf.")]
        else:
            continue
        yield from parts


def floor(part):
    return next(level for level, parts in enumerate(FLOORS) if part in parts)


def test_every_part_has_a_floor():
    parts = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    # Modules beside the folders; the commands' entry belongs to none.
    parts |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert parts == set().union(*FLOORS)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/**/*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    part = path.relative_to(PACKAGE).parts[0]
    for other in imported_parts(path):
        if other != part and other != "__version__":
            assert floor(other) < floor(part) or (part, other) in SIDEWAYS, f"{part} imports {other}"


def test_the_rooms_of_registration_import_downward():
    folder = PACKAGE / "registration"
    assert {path.name for path in folder.iterdir() if (path / "__init__.py").exists()} == {*ROOMS, "pairs"}
    for path in (each for room in ROOMS for each in (folder / room).glob("*.py")):
        for other in re.findall(r"^ *from dirv_tf\.registration(?:\.(\w+))?[. ]", path.read_text(encoding="utf-8"), re.M):
            assert other in ROOMS[: ROOMS.index(path.parent.name) + 1], f"{path.relative_to(PACKAGE)} imports {other}"


def test_geometry_never_names_keras():
    for path in (PACKAGE / "geometry").glob("*.py"):
        assert "keras" not in path.read_text(encoding="utf-8").lower().replace("never imports keras", ""), path


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_package_knows_nothing_of_the_experiments(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bexperiments\b|thesis_(row|table)", text), "neither imported nor named"
    # The thesis is cited in docstrings and comments as a source; no figure or text of the program is about it.
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not [name for name in names if "thesis" in re.split("_", name.lower())]


def test_one_layer_brings_no_figures_training_or_file_formats():
    code = (
        "import sys, tensorflow; tensorflow.keras.layers; before = set(sys.modules); import dirv_tf.layers; "
        "unwanted = {'matplotlib', 'skimage', 'tifffile', 'yaml', 'dirv_tf.training', 'dirv_tf.figures', "
        "'dirv_tf.registration', 'dirv_tf.models', 'dirv_tf.datasets'}; "
        "print(sorted(unwanted & set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_no_file_is_longer_than_a_reader_keeps_in_mind():
    files = [path for part in ("dirv_tf", "experiments", "tests") for path in (PACKAGE.parent / part).rglob("*.py")]
    long = {path.name: lines for path in files if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300}
    assert not long


def test_names_of_parameters_stand_in_one_line():
    """Sphinx takes the second line for the text of the first, and the pages are not built."""
    names_in_two_lines = re.compile(r"\n( +)(?:\w+, )+\w+,\n\1\w+(?:, \w+)*(?: : .*)?\n\1    \S")
    assert names_in_two_lines.search("\n    one, two,\n    three, four\n        See `Other`.\n")
    found = [path for path in PACKAGE.rglob("*.py") if names_in_two_lines.search(path.read_text(encoding="utf-8"))]
    assert not found
