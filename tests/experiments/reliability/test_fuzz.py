"""A small campaign of damaged files over every reader, and the command that carries out the large one."""

import gc
import gzip
import io
import json
import warnings
import zipfile

import numpy as np
import pytest

from experiments.folders import RECORDS
from experiments.reliability import fuzz, fuzz_child
from experiments.reliability.__main__ import CAMPAIGNS, main
from experiments.reliability.mutations import mutated
from experiments.reliability.one_mutation import ERROR, VALUE, outcome, whole_files
from experiments.reliability.packing import packed, parts_of
from experiments.reliability.readers import READERS, Reader

# Other files than those of the committed record.
SEED, COUNT = 3, 40


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_give_a_value_or_the_documented_error(name, tmp_path):
    files = whole_files(name, tmp_path / "whole")
    for file in files:
        assert READERS[name].read(file) is not None
    count = COUNT if name not in ("keras", "weights") else COUNT // 2
    with warnings.catch_warnings():
        # Libraries leave some damaged files open until they are collected.
        warnings.simplefilter("ignore", ResourceWarning)
        found = [outcome(name, tmp_path / "damaged", files, SEED, number) for number in range(count)]
        gc.collect()
    others = [(number, one) for number, one in enumerate(found) if one["outcome"] not in (VALUE, ERROR)]
    assert not others
    assert {one["outcome"] for one in found} == {VALUE, ERROR}


def test_damage_is_the_same_every_time():
    def make(seed):
        return [mutated(b"sizes: 4 5\n" * 20, np.random.default_rng([seed, number])) for number in range(50)]

    assert make(1) == make(1) != make(2)
    assert len(set(make(1))) > 40


def test_files_are_taken_apart_and_put_together(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("b", b"2")
    READERS["png"].write(tmp_path)
    for content in (gzip.compress(b"abc"), stream.getvalue(), (tmp_path / "gray.png").read_bytes(), b"text"):
        parts, how = parts_of(content)
        assert parts_of(packed(parts, how)) == (parts, how)
    assert packed(*parts_of((tmp_path / "gray.png").read_bytes())) == (tmp_path / "gray.png").read_bytes()


@pytest.mark.parametrize(
    "error, expected", [(KeyError("x"), "KeyError: 'x'"), (fuzz_child, "nothing was returned"), (None, VALUE)]
)
def test_other_errors_are_no_documented_ones(tmp_path, monkeypatch, error, expected):
    def read(path):
        if isinstance(error, Exception):
            raise error
        return path if error is None else None

    reader = Reader("a text", lambda folder: (folder / "a.txt").write_text("text"), read)
    monkeypatch.setitem(READERS, "text", reader)
    files = whole_files("text", tmp_path / "whole")
    assert outcome("text", tmp_path / "damaged", files, 1, 0)["outcome"] == expected


# Processes that do as the one that reads damaged files, and what of it comes into the record.
DYING = """\
import os, sys
first = int(sys.argv[3])
print('{"start": true, "memory": 0}', flush=True)
print('{"begin": %d}' % first, flush=True)
if first == 1:
    os._exit(3)
print('{"number": %d, "outcome": "error", "seconds": 0.5, "file": "a", "memory": 1048576}' % first, flush=True)
if first < 2:
    print('{"begin": %d}' % (first + 1), flush=True)
    os._exit(3)
"""


def test_a_process_that_dies_of_a_file_is_a_finding_and_the_next_one_goes_on(monkeypatch, capsys):
    popen = fuzz.subprocess.Popen
    monkeypatch.setattr(
        fuzz.subprocess, "Popen", lambda command, **options: popen([command[0], "-c", DYING, *command[3:]], **options)
    )
    row = fuzz._campaign("png", 3, 1)
    assert (row["mutations"], row["values"], row["errors"]) == (3, 0, 2)
    assert row["undocumented"] == [{"number": 1, "file": "", "outcome": "the process ended with status 3"}]
    assert (row["slowest_seconds"], row["memory_mib"]) == (0.5, 1.0)
    assert "png: 3 files, 0 values, 2 documented errors, 1 others" in capsys.readouterr().out


def test_the_command_writes_a_record_and_keeps_that_of_other_readers(tmp_path, capsys):
    for name in ("npy", "tables"):
        assert main(["fuzz", "--reader", name, "--mutations", "5", "-o", str(tmp_path)]) == 0
    record = json.loads((tmp_path / fuzz.RECORD_NAME).read_text(encoding="utf-8"))
    assert list(record["readers"]) == ["npy", "tables"] and record["seed"] == fuzz.SEED
    assert all(row["mutations"] == 5 == row["values"] + row["errors"] for row in record["readers"].values())
    assert "tables: 5 files" in capsys.readouterr().out


def test_the_names_of_campaigns(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in CAMPAIGNS)
    assert main(["none"]) == 2 and "Received: none" in capsys.readouterr().err


def test_the_committed_record_is_of_a_thousand_files_per_reader_without_findings():
    record = json.loads((RECORDS / "reliability" / fuzz.RECORD_NAME).read_text(encoding="utf-8"))
    assert list(record["readers"]) == list(READERS)
    for name, row in record["readers"].items():
        assert row["mutations"] >= 1000 and row["undocumented"] == [], name
        assert row["values"] + row["errors"] == row["mutations"]
