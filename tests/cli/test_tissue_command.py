import numpy as np
import pytest
import tifffile

from dirv_tf.cli.main import main
from dirv_tf.io.image_files import read_image


@pytest.fixture
def sections(tmp_path, rng):
    for name in ("colon/a.tif", "lung/b.tif"):
        path = tmp_path / "sections" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, rng.integers(0, 255, (300, 300)).astype(np.uint8))
    return tmp_path / "sections"


def test_a_set_is_made_and_counted(sections, tmp_path, capsys):
    command = ["tissue", str(sections), "-o", str(tmp_path / "set"), "--test-tissues", "lung"]
    assert main(command) == 0
    printed, errors = capsys.readouterr()
    assert "train    20 patches of 1 images, 0 without contrast rejected, 1 tissues: colon" in printed
    assert "test      3 patches of" in printed and errors == ""
    files = sorted((tmp_path / "set").rglob("*.png"))
    assert len(files) == 23 and read_image(files[0]).shape == (256, 256)
    before = {file: file.stat().st_mtime_ns for file in files}
    assert main(command) == 0
    assert {file: file.stat().st_mtime_ns for file in files} == before


def test_options_reach_the_patches(sections, tmp_path):
    command = ["tissue", str(sections), "-o", str(tmp_path / "set"), "--test-share", "0.5", "--split-seed", "3"]
    command += ["--size", "32", "--crop", "40", "--train-patches", "2", "--test-patches", "1", "--bits", "16"]
    assert main([*command, "--least-deviation", "0", "--seed", "4", "--only", "*.tif"]) == 0
    files = sorted((tmp_path / "set").rglob("*.png"))
    assert len(files) == 3
    assert {(read_image(file).shape, read_image(file).dtype.name) for file in files} == {((32, 32), "uint16")}


def test_what_cannot_be_used_is_named_and_the_exit_status_says_so(sections, tmp_path, capsys):
    (sections / "colon" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (sections / "notes").mkdir()
    command = ["tissue", str(sections), "-o", str(tmp_path / "set"), "--test-tissues", "lung"]
    assert main(command) == 1
    printed, errors = capsys.readouterr()
    assert "20 patches" in printed
    assert "Left out, 2:\n  notes: a folder without images\n  colon/broken.jpg: Expected an image" in errors


@pytest.mark.parametrize("spoil", ["broken.jpg", "notes"])
def test_strict_refuses_what_cannot_be_used(sections, tmp_path, capsys, spoil):
    if spoil == "notes":
        (sections / "notes").mkdir()
    else:
        (sections / "colon" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert main(["tissue", str(sections), "-o", str(tmp_path / "set"), "--test-tissues", "lung", "--strict"]) == 1
    assert spoil in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["tissue", str(tmp_path / "none"), "-o", str(tmp_path / "set")]) == 1
    assert capsys.readouterr().err.startswith("error: Expected a folder of section images. Received: folder=")


def test_patches_among_the_images_are_refused(sections, capsys):
    for output in (sections, sections / "set"):
        assert main(["tissue", str(sections), "-o", str(output)]) == 1
        assert "error: Expected a folder outside of the images'" in capsys.readouterr().err
    assert not (sections / "set").exists()


def test_help_explains_the_folders(capsys):
    with pytest.raises(SystemExit):
        main(["tissue", "--help"])
    text = capsys.readouterr().out
    assert "one folder per tissue" in text and "manifest.csv" in text and "data.test_folder=" in text
