"""The recipes of docs/many_pairs.md, with two shards: bash reads the very lines, and the commands it arrives at are run."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from dirv_tf.cli.main import main

DOCS = Path(__file__).parents[3] / "docs"
NAMES = ["one", "two ä", "three", "four"]


@pytest.fixture
def commands(inside):
    """What bash calls when it runs a script: the arguments of each `dirv-tf`."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    program = inside / "bin" / "dirv-tf"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$*" >> calls.txt\n', encoding="utf-8")
    program.chmod(0o755)

    def run(script, **variables):
        calls = inside / "calls.txt"
        calls.write_text("", encoding="utf-8")
        environment = {"PATH": f"{program.parent}:/usr/bin:/bin", **variables}
        subprocess.run(["bash", "-eu", "-c", script], cwd=inside, env=environment, check=True)
        return [shlex.split(line) for line in calls.read_text(encoding="utf-8").splitlines()]

    return run


def parallel_lines():
    page = (DOCS / "many_pairs.md").read_text(encoding="utf-8")
    block = page.partition("**GNU parallel**")[2].partition("```text\n")[2].partition("```")[0]
    exports, many, last = block.splitlines()
    command, shards = re.fullmatch(r"parallel -j \d+ (.+\{\}/10) ::: \{1\.\.(10)\}", many).groups()
    assert exports.startswith("export ") and shards == "10"
    return [f"{exports}\n{command.replace('{}/10', f'{part}/2')}" for part in (1, 2)], last


def slurm_script():
    script = (DOCS / "recipes" / "register_pairs.slurm").read_text(encoding="utf-8")
    assert script.startswith("#!/bin/bash\n") and "--array=1-10 " in script
    two = re.sub(r"^shards=10$", "shards=2", script, flags=re.MULTILINE)
    assert two != script
    return two


def snakemake_rules():
    """The shell commands of the rules, with the strings joined as Python does."""
    text = (DOCS / "recipes" / "Snakefile").read_text(encoding="utf-8")
    assert re.search(r"^SHARDS = 10$", text, re.MULTILINE)
    rules = re.split(r"^rule (\w+):$", text, flags=re.MULTILINE)[1:]
    found = {}
    for name, body in zip(rules[::2], rules[1::2]):
        _, _, shell = body.partition("    shell:\n")
        if shell:
            found[name] = ast.literal_eval("(" + shell.strip() + ")")
    return found


def snakemake_commands():
    rules = snakemake_rules()
    assert set(rules) == {"shard", "collect"}
    parts = [
        rules["shard"].format(threads=2, input="pairs.csv", wildcards=types.SimpleNamespace(shard=part), SHARDS=2)
        for part in (1, 2)
    ]
    return parts, rules["collect"].format()


@pytest.fixture
def recipe(request, commands):
    """The arguments of two shards and of the last call."""
    if request.param == "slurm":
        script = slurm_script()
        calls = [commands(script, SLURM_ARRAY_TASK_ID=part) for part in ("1", "2")] + [
            commands(script, SLURM_ARRAY_TASK_ID="", SLURM_CPUS_PER_TASK="1")
        ]
    else:
        parts, last = parallel_lines() if request.param == "parallel" else snakemake_commands()
        calls = [commands(line) for line in (*parts, last)]
    assert [len(each) for each in calls] == [1, 1, 1]
    return [each[0] for each in calls]


@pytest.mark.parametrize("recipe", ["parallel", "slurm", "snakemake"], indirect=True)
def test_two_shards_and_a_last_call_leave_one_table_and_one_page(recipe, table, model, inside, read_table, capsys):
    *shards, last = ([*arguments, "--model", str(model)] for arguments in recipe)
    assert [arguments[arguments.index("--shard") + 1] for arguments in shards] == ["1/2", "2/2"]
    assert "--shard" not in last
    assert main(shards[0]) == 0
    assert list(read_table(inside / "results")) == ["one", "three"]
    # The second pair lacks an image.
    assert main(shards[1]) == 1
    whole = read_table(inside / "results")
    assert list(whole) == NAMES and [row["status"] for row in whole.values()] == ["done", "failed", "done", "done"]
    page = (inside / "results/index.html").read_text(encoding="utf-8")
    assert all(f">{name}</" in page for name in NAMES) and "not finished yet" not in page

    # As a shard that was killed at its end: the page lacks a pair, and the last call makes both again.
    stamps = {name: (inside / "results" / name / "metrics.json").stat().st_mtime_ns for name in ("one", "three", "four")}
    (inside / "lost.png").write_bytes((inside / "0.png").read_bytes())
    for name in ("pairs.csv", "index.html"):
        (inside / "results" / name).unlink()
    capsys.readouterr()
    assert main(last) == 0
    assert "4 pairs: 4 done, 0 failed (3 were done before)" in capsys.readouterr().out
    assert [row["status"] for row in read_table(inside / "results").values()] == ["done"] * 4
    assert (inside / "results/index.html").exists()
    assert all((inside / "results" / name / "metrics.json").stat().st_mtime_ns == at for name, at in stamps.items())


def test_shards_that_begin_at_once_share_the_folder(commands, table, inside, read_table):
    # Of images that fit already, which need no network: every process would trace one.
    for name in ("1", "2", "3", "4", "lost"):
        (inside / f"{name}.png").write_bytes((inside / "0.png").read_bytes())
    lines, _ = parallel_lines()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "dirv_tf", *commands(line)[0], "--effort", "fast"],
            cwd=inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for line in lines
    ]
    for process in processes:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and "2 pairs: 2 done, 0 failed" in said, said
    assert [(name, row["status"]) for name, row in read_table(inside / "results").items()] == [
        (name, "done") for name in NAMES
    ]
    assert "not finished yet" not in (inside / "results/index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in (inside / "results").iterdir()) == sorted(
        [*NAMES, ".pairs", "index.html", "pairs.csv", "settings.json"]
    )
