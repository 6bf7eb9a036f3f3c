"""What the documentation shows works as shown, and what it points to is there."""

import importlib
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import dirv_tf

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
PICTURE_SCRIPTS = sorted((DOCS / "pictures").glob("*.py"))
# What a page says about its own results, checked on the names that its blocks leave behind.
PROMISES = {
    "one_layer.md": lambda names: names["after"] > names["before"] + 3.0,
    "quick_start.md": lambda names: (
        np.allclose(names["mean_vector"], (2.0, 0.0), atol=0.5) and names["after"] < 0.5 * names["before"]
    ),
    "conventions.md": lambda names: np.array_equal(np.argwhere(names["registered"][0, ..., 0]), [[9, 6]]),
}


def name(path):
    return path.name


def blocks(page, *languages):
    """Return the fenced blocks of these languages: fences start a line, and a block ends where its fence recurs."""
    found = re.findall(r"^(`{3,})(\S*)[^\n]*\n(.*?)^\1\s*$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for _, language, text in found if language in languages]


def cells(notebook, kind):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


@pytest.fixture(autouse=True)
def _batches_traced_once(batches_traced_once):
    """Most pages train on the same pairs, which to trace takes longer than to train on them."""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder that looks like the checkout and takes what the examples write."""
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_pages_and_notebooks():
    assert {"index.md", "quick_start.md", "one_layer.md", "conventions.md", "api.md"} <= {page.name for page in PAGES}
    assert len(NOTEBOOKS) >= 2
    assert sum(len(blocks(page, "python")) for page in PAGES) >= 10


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name)
def test_python_blocks_of_a_page_run_in_order(page, checkout):
    names = {"__name__": "__main__"}
    for number, block in enumerate(blocks(page, "python")):
        exec(compile(block, f"{page.name}, python block {number}", "exec"), names)
    assert PROMISES.get(page.name, lambda names: True)(names)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_cells_of_a_notebook_run_in_order(notebook, checkout):
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells(notebook, "code")):
        code = "".join(line for line in cell["source"] if not line.startswith("%"))
        exec(compile(code, f"{notebook.name}, code cell {number}", "exec"), names)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_notebooks_hold_the_outputs_of_one_execution(notebook):
    code_cells = cells(notebook, "code")
    assert [cell["execution_count"] for cell in code_cells] == list(range(1, len(code_cells) + 1))
    outputs = [output for cell in code_cells for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
    # Standard error tells about the machine.
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert notebook.stat().st_size < 700_000


def commands():
    for page in PAGES:
        for block in blocks(page, "console", "sh", "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip() and not line.lstrip().startswith("#"):
                    yield pytest.param(line.strip(), id=f"{page.name}: {line.strip()}")


@pytest.mark.parametrize("command", list(commands()))
def test_commands_exist_and_take_their_arguments(command):
    program, *arguments = shlex.split(command)
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        target = re.sub(r"^experiment-.*", "experiment-%", arguments[0])
        if target != arguments[0]:
            run = re.sub(r"^([A-Z])(\d+)$", r"\1-\2", arguments[0].partition("-")[2])
            assert list((ROOT / "experiments" / "runs").glob(f"*/{run}.yaml")), f"no run {run}"
        assert re.search(rf"^{re.escape(target)}:", makefile, flags=re.MULTILINE), f"no make target {arguments[0]}"
    else:
        assert program == "dirv-tf"
        from dirv_tf.cli.main import build_parser

        # Ends with SystemExit on an unknown subcommand, an unknown option or a missing argument.
        build_parser().parse_args(arguments)


# A training as the pages show it takes minutes.
SHORTENED = {"training.epochs": 1, "training.batch_size": 2, "data.train_images": 2, "data.test_images": 2}
SHORTENED.update({"model.levels": 1, "model.units": 1, "model.experts": 2, "evaluation.validation_images": 0})
SHORTENED.update({"data.transform": "affine"})


def own_commands(page):
    """Return the arguments of all commands of a page that are the package's own, in order."""
    lines = map(shlex.split, filter(str.strip, "\n".join(blocks(page, "console")).splitlines()))
    return [arguments for program, *arguments in lines if Path(program).name == "dirv-tf"]


def pages_to_carry_out():
    """Return the pages with commands, without those that another page repeats and goes on from."""
    commands_of = {page: own_commands(page) for page in (*PAGES, ROOT / "README.md")}
    whole = sorted(commands_of, key=lambda page: len(commands_of[page]), reverse=True)
    chosen = []
    for page in whole:
        own = commands_of[page]
        if own and not any(commands_of[other][: len(own)] == own for other in chosen):
            chosen.append(page)
    return chosen


@pytest.mark.parametrize("page", pages_to_carry_out(), ids=name)
def test_commands_of_a_page_run_in_order(page, checkout, capsys, monkeypatch):
    from dirv_tf.cli.main import main
    from dirv_tf.training.execution.staged_training import StagedTraining

    # To measure steps before takes longer than a training of one step.
    monkeypatch.setattr(StagedTraining, "say_expected_time", lambda *_: None)
    for block in blocks(page, "yaml"):
        file = re.match(r"# ([\w.]+\.yaml)\n", block)
        if file:
            (checkout / file[1]).write_text(block, encoding="utf-8")
    for arguments in own_commands(page):
        if arguments[0] == "train" and "--list" not in arguments:
            arguments += [f"--set={key}={value}" for key, value in SHORTENED.items()] + ["--no-tensorboard"]
        assert main(arguments) == 0, f"{arguments}: {capsys.readouterr().err}"


def links(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))
    else:
        for toctree in blocks(path, "{toctree}"):
            entries = [line for line in toctree.splitlines() if line and not line.startswith(":")]
            yield from (entry if (DOCS / f"{entry}.ipynb").exists() else f"{entry}.md" for entry in entries)
        yield from re.findall(r"^`{3,}\{literalinclude\} (\S+)", text, re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if not re.match(r"[a-z]+:|#", target):
            yield target.partition("#")[0]


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=name)
def test_links_and_pictures_exist(path):
    for target in links(path):
        found = (path.parent / target).exists() or (path.parent / f"{target}.ipynb").exists()
        assert found, f"{path.name} points to {target}"


def test_every_page_is_in_the_table_of_contents():
    listed = {target for target in links(DOCS / "index.md")}
    for path in PAGES:
        assert path.name in listed or path.name == "index.md", path.name
    for path in NOTEBOOKS:
        assert f"notebooks/{path.stem}" in listed, path.name


def test_every_public_part_has_an_api_page():
    listed = re.findall(r"^ +(dirv_tf[\w.]*)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    parts = {each for each in dirv_tf.__all__ if importlib.util.find_spec(f"dirv_tf.{each}")}
    assert {f"dirv_tf.{part}" for part in parts} <= set(listed)
    for module in listed:
        assert importlib.util.find_spec(module), module


def test_the_map_from_the_thesis_names_what_exists():
    named = re.findall(r"<dirv_tf\.([\w.]+)\.(\w+)>", (DOCS / "thesis_to_code.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    for part, public_name in named:
        assert hasattr(importlib.import_module(f"dirv_tf.{part}"), public_name), f"{part}.{public_name}"


@pytest.mark.parametrize("script", PICTURE_SCRIPTS, ids=name)
def test_picture_scripts_draw_the_committed_files(script, tmp_path, monkeypatch):
    # As `python docs/pictures/...` has it: a script may be spread over files beside it.
    monkeypatch.syspath_prepend(str(script.parent))
    specification = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.main(tmp_path)
    drawn = list(tmp_path.iterdir())
    assert drawn
    for picture in drawn:
        assert picture.stat().st_size > 10_000
        assert (DOCS / "pictures" / picture.name).exists()


def test_documentation_builds_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_nb", "furo"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed; `make docs` makes an environment that has it")
    source = tmp_path / "docs"
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("_build", "_generated", "__pycache__"))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    result = subprocess.run([*command, source, tmp_path / "html"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "html" / "notebooks" / "tissue.html").exists()


@pytest.mark.parametrize("name", ["configuration", "model_zoo"])
def test_a_written_page_is_that_of_its_source(monkeypatch, name):
    from dirv_tf.models import registry

    # The pages define a network of their own.
    monkeypatch.setattr(registry, "_registered", {})
    path = DOCS / f"write_{name}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == module.page(), f"run: python docs/{path.name}"
