"""What the README shows works as shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_there_are_examples():
    assert len(BLOCKS) >= 3


# Fewer images and units: a training as the page shows it takes long.
SHORTENED = {"count=200, batch_size=20": "count=4, batch_size=2", "units=3": "units=1"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().splitlines()[-1][:40])
def test_example_runs_from_the_checkout(block, monkeypatch):
    monkeypatch.chdir(ROOT)
    if ".fit(" in block:
        for shown, shorter in SHORTENED.items():
            assert shown in block
            block = block.replace(shown, shorter)
    exec(compile(block, "README.md", "exec"), {})


def test_every_make_target_named_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z]+(?:-[a-z]+)*)(?:-[A-Z]\d)?\b", README):
        assert re.search(rf"^{target}(-%)?:", makefile, flags=re.MULTILINE), target


def test_every_named_file_exists():
    for name in re.findall(r"`((?:data|experiments|constraints)/[\w./-]+)`", README):
        if not name.startswith("experiments/output"):
            assert (ROOT / name).exists(), name
