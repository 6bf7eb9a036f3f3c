"""`dirv-tf register --pairs`."""

import numpy as np
import pytest
from skimage.io import imsave

from dirv_tf.cli.main import build_parser, main


@pytest.fixture
def table(pair, inside):
    """Three pairs, one of which lacks an image."""
    imsave("third.png", pair[0][::-1].copy(), check_contrast=False)
    text = "name,fixed,moving\na,fixed.png,moving.png\nb,fixed.png,lost.png\nc,moving.png,third.png\n"
    (inside / "pairs.csv").write_text(text, encoding="utf-8")


def run(*arguments):
    return main(["register", "--pairs", "pairs.csv", "-o", "out", "--model", "model", *arguments])


def test_pairs_are_told_one_by_one_and_summed_up(table, model, inside, capsys):
    assert run("--normalize", "joint") == 1
    out, err = capsys.readouterr()
    assert "[1/3] a: alike 0." in out and "[3/3] c: alike 0." in out
    assert err.startswith("[2/3] b: FAILED: Expected an image file.") and err.count("\n") == 1
    assert "3 pairs: 2 done, 1 failed" in out and "FAILED   b: Expected an image file." in out
    assert "alike (structure)" in out and "(median of 2 pairs)" in out and "rTRE" not in out
    assert "Written to out: pairs.csv, index.html" in out and (inside / "out/index.html").exists()
    assert (inside / "out/a/registered.png").exists() and not (inside / "out/b").exists()


def test_a_run_goes_on_with_the_same_options(table, model, inside, capsys):
    assert run() == 1
    imsave("lost.png", np.arange(24 * 32, dtype=np.uint8).reshape(24, 32), check_contrast=False)
    assert run() == 1
    assert "new or empty folder; resume=True" in capsys.readouterr().err
    assert run("--resume", "--similarity", "ncc") == 1
    assert "similarity='auto' there, 'ncc' now" in capsys.readouterr().err
    assert run("--resume") == 0
    out = capsys.readouterr().out
    assert "[1/1] b: alike" in out and "3 pairs: 3 done, 0 failed (2 were done before)" in out


def test_shards_are_jobs_of_their_own(table, model, inside, capsys):
    assert run("--shard", "1/2") == 0
    assert "2 pairs: 2 done, 0 failed" in capsys.readouterr().out
    assert run("--shard", "2/2") == 1
    assert sorted((inside / "out").glob("*/metrics.json")) == [inside / "out" / name / "metrics.json" for name in "ac"]
    assert run("--shard", "3/2") == 1
    assert "`shard` must be a part of how many parts" in capsys.readouterr().err


def test_a_stopped_run_says_how_to_go_on(table, model, monkeypatch, capsys):
    from dirv_tf.registration.pairs import register_pairs as module

    registered = module.register_pair

    def stopped(task):
        if task.files.name == "c":
            raise KeyboardInterrupt
        return registered(task)

    monkeypatch.setattr(module, "register_pair", stopped)
    assert run() == 130
    assert "2 of 3 pairs are finished; --resume goes on." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x"], "expected two images, FIXED and MOVING, or --pairs with a table. Received: neither"),
        (["a.png", "-o", "x"], "Received: a.png"),
        (["a.png", "b.png", "--pairs", "t.csv", "-o", "x"], "not both. Received: a.png and --pairs t.csv"),
        (["a.png", "b.png", "-o", "x", "--shard", "1/2"], "expected --pairs with --shard"),
        (["a.png", "b.png", "-o", "x", "--resume"], "expected --pairs with --resume"),
        (["a.png", "b.png", "-o", "x", "--processes", "2"], "expected --pairs with --processes"),
    ],
)
def test_one_pair_or_many_not_both(inside, capsys, arguments, message):
    assert main(["register", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(inside.iterdir()) == []


@pytest.mark.parametrize("line", ["a b -o x --refine 2", "a -o x b --refine 2", "-o x --refine 2 -- a b", "a --refine 2 -o x b"])
def test_images_may_stand_anywhere_among_the_options(line):
    options = build_parser().parse_args(["register", *line.split()])
    assert [str(options.fixed), str(options.moving), options.refine] == ["a", "b", 2]


def test_what_is_too_much_is_refused(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["register", "a", "b", "c", "-o", "x"])
    assert "unrecognized arguments: c" in capsys.readouterr().err
