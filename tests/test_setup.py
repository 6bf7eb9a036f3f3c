"""What is written twice around the package (Makefile, setup.cfg, constraints, imports) agrees."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dirv_tf

ROOT = Path(__file__).resolve().parents[1]
RUNS = sorted(path.stem for path in (ROOT / "experiments" / "runs" / "dirv_net").glob("[A-Z]-[0-9]*.yaml"))
DISTRIBUTIONS = {"skimage": "scikit-image", "yaml": "pyyaml", "PIL": "pillow"}


@pytest.fixture(scope="module")
def setup_cfg():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def make(*arguments):
    """Standard output of make, free of the settings of a `make test` around this test."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    own = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS")
    surroundings = {name: value for name, value in os.environ.items() if name not in own}
    made = any((ROOT / name / "bin" / "python").exists() for name in (".venv", ".venv-modern"))
    surroundings.update(STACK="", PYTHON="" if made else sys.executable, PRESET="", ARGS="", GPU="")
    result = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=surroundings, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def required_names(text):
    lines = [line for line in text.strip().splitlines() if line]
    return {re.match(r"[\w-]+", line).group().lower() for line in lines}


def pins(stack):
    lines = (ROOT / "constraints" / f"{stack}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def required_by_setup_py(monkeypatch, tensorflow):
    received = {}
    monkeypatch.setitem(sys.modules, "setuptools", types.SimpleNamespace(setup=received.update))
    monkeypatch.setenv("DIRV_TF_TENSORFLOW", tensorflow)
    runpy.run_path(str(ROOT / "setup.py"))
    return received["install_requires"]


# --- Makefile ---


def test_every_run_has_its_make_target():
    assert {"A-1", "F-3"} <= set(RUNS)
    output = make("-n", *(f"experiment-{run.replace('-', '')}" for run in RUNS))
    assert re.findall(r"-m experiments\.run (\S+)", output) == RUNS


def test_preset_and_arguments_reach_the_runner():
    output = make("-n", "experiment-A1", "PRESET=quick", "ARGS=--seed 7")
    assert "-m experiments.run A-1 --preset quick --seed 7\n" in output


def test_other_run_names_reach_the_runner_unchanged():
    assert re.search(r"-m experiments\.run my-run2\s", make("-n", "experiment-my-run2"))


def test_help_lists_every_target_and_setting():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE).group(1).split()
    settings = set(re.findall(r"\$\((STACK|PYTHON|GPU|PRESET|ARGS|RUN|SERIES|PORT)\)", makefile))
    output = make("help")
    assert make() == output
    for name in [*targets, "experiment-A1"]:
        assert re.search(rf"^  make {name} +\S", output, flags=re.MULTILINE), name
    assert settings == set(re.findall(r"^  ([A-Z]+)=", output, flags=re.MULTILINE))


def test_clean_keeps_runs_and_environments():
    removing = [line for line in make("-n", "clean").splitlines() if "rm " in line]
    assert removing and not any("runs" in line or "venv" in line for line in removing)


# --- setup.cfg, setup.py, constraints ---


def test_version_is_written_once(setup_cfg):
    assert setup_cfg["metadata"]["version"] == "attr: dirv_tf.__version__"
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE).group(1)
    assert newest == dirv_tf.__version__


@pytest.mark.parametrize(
    ("stack", "tensorflow", "keras"), [("default", "2.15.1", "2.15.0"), ("modern", "2.21.0", "3.")]
)
def test_constraints_pin_tensorflow_alike_for_both_builds(stack, tensorflow, keras):
    lines = pins(stack)
    assert f"tensorflow=={tensorflow}" in lines and f"tensorflow-cpu=={tensorflow}" in lines
    assert all(line.startswith(f"keras=={keras}") for line in lines if line.startswith("keras=="))
    if stack == "modern":
        versions = [re.match(r"keras==(\d+)\.(\d+)\.(\d+)", line) for line in lines if line.startswith("keras==")]
        assert versions and all(tuple(map(int, v.groups())) >= (3, 11, 3) for v in versions)


@pytest.mark.parametrize("stack", ["default", "modern", "dask"])
def test_constraints_are_exact_pins_of_names_only(stack):
    for line in pins(stack):
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; (python_version|platform_system) .+)?", line), line


@pytest.mark.parametrize("stack", ["default", "modern"])
def test_constraints_cover_what_setup_cfg_requires(setup_cfg, stack):
    pinned = {line.split("==")[0] for line in pins(stack)}
    required = required_names(setup_cfg["options"]["install_requires"])
    required |= required_names(setup_cfg["options.extras_require"]["test"])
    # setuptools is left to the environment on the default stack, as the file says.
    assert required - {"setuptools"} <= pinned


def test_every_tested_release_is_allowed(setup_cfg):
    """Bounds follow the pins: what is tested may be installed, and nothing older or newer is promised."""
    options = setup_cfg["options"]["install_requires"], *setup_cfg["options.extras_require"].values()
    bounds = {}
    for line in filter(None, "\n".join(options).splitlines()):
        requirement = Requirement(line)
        bounds.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for stack, python in (("default", "3.11"), ("modern", "3.12")):
        for pin in map(Requirement, pins(stack)):
            (version,) = (specifier.version for specifier in pin.specifier)
            for each in bounds.get(canonicalize_name(pin.name), []):
                applies = each.marker is None or each.marker.evaluate({"python_version": python})
                assert not applies or each.specifier.contains(version), f"{pin} in {stack}.txt, {each} in setup.cfg"


def test_the_pins_of_dask_are_allowed_and_contradict_no_stack(setup_cfg):
    (requirement,) = map(Requirement, setup_cfg["options.extras_require"]["dask"].strip().splitlines())
    own = list(map(Requirement, pins("dask")))
    versions = [str(pin.specifier)[2:] for pin in own if pin.name == requirement.name]
    assert len(versions) == 2 and all(requirement.specifier.contains(version) for version in versions)
    # pip refuses two pins of one package that are not the same.
    assert not {pin.name for pin in own} & {line.split("==")[0] for stack in ("default", "modern") for line in pins(stack)}


def test_a_plain_install_brings_one_tensorflow_for_every_python(monkeypatch):
    lines = [line for line in required_by_setup_py(monkeypatch, "") if line.startswith("tensorflow")]
    assert [line.split(" ; ")[1] for line in lines] == ['python_version < "3.12"', 'python_version >= "3.12"']


def test_another_tensorflow_build_replaces_the_required_one(monkeypatch):
    plain = required_by_setup_py(monkeypatch, "")
    other = required_by_setup_py(monkeypatch, "tensorflow-cpu")
    assert [line for line in other if line.startswith(("tensorflow", "keras"))] == ["tensorflow-cpu"]
    assert set(other) - set(plain) == {"tensorflow-cpu"}
    assert {"numpy", "tensorboard"} <= required_names("\n".join(other))


# --- The package against them ---


def test_imports_of_the_package_are_declared(setup_cfg):
    declared = required_names(setup_cfg["options"]["install_requires"])
    for extra in setup_cfg["options.extras_require"].values():
        declared |= required_names(extra)
    for path in sorted((ROOT / "dirv_tf").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module]
            for module in {name.split(".")[0] for name in modules} - {"dirv_tf"}:
                spec = importlib.util.find_spec(module)
                if spec is None or "-packages" in (spec.origin or ""):
                    distribution = DISTRIBUTIONS.get(module, module.replace("_", "-").lower())
                    assert distribution in declared, f"{module} in {path}"


def test_every_folder_of_the_package_is_installed():
    folders = {path.parent for path in (ROOT / "dirv_tf").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_file_names_a_place_on_a_machine():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    place = re.compile(rb"(?<![\w./~:$}-])/(?:work|tmp|root|home|Users)/\w")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content and place.search(content):
            found.append(name)
    assert found == []
