"""The demo's real pairs: what is registered, what is written, what is refused."""

from __future__ import annotations

import csv
from html import escape

import numpy as np
import pytest
import skimage.filters
import skimage.io

from dirv_tf.io.image_files import write_image
from experiments.comparison.real.poses import turned
from experiments.comparison.real.prepared_pair import PreparedPair
from experiments.demo import __main__ as demo
from experiments.demo import real_pairs
from experiments.demo.landmark_errors import landmark_errors

SIDE = 96


def rows_of(folder):
    with open(folder / "real_pairs.csv", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The demo of the turned pair and of the two scanners, small; and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    pairs = real_pairs.shipped_pairs(SIDE)[2:]
    demo.show(folder, pairs, (), {2: None, 3: None}, seed=1)
    return folder, pairs


def test_real_pairs_are_registered_by_the_defaults_and_get_closer(shown):
    folder, pairs = shown
    lobes, nuclei = rows_of(folder)
    assert [row["pair"] for row in (lobes, nuclei)] == [pair.title for pair in pairs]
    assert (lobes["size"], lobes["aligned"], nuclei["aligned"]) == ("96 x 48", "affine", "no")
    assert "turned by 140 degrees" in lobes["given"]
    assert float(lobes["rtre_median_before"]) > 0.2 and float(lobes["rtre_median_after"]) < 0.02
    assert int(lobes["landmarks"]) == len(pairs[0].landmarks.fixed_points) > 50
    assert not nuclei["landmarks"] and not nuclei["rtre_median_after"]
    for row in (lobes, nuclei):
        assert float(row["similarity_after"]) > float(row["similarity_before"]) + 0.1
        assert float(row["folded_percent"]) == 0 and not row["warnings"]


def test_the_page_shows_every_picture(shown):
    folder, pairs = shown
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {"index.html", "pictures", "real_pairs.csv"}
    for pair in pairs:
        assert f'src="pictures/{pair.name}.png"' in page and escape(pair.title) in page
        picture = skimage.io.imread(folder / "pictures" / f"{pair.name}.png")
        assert picture.shape[0] > 600 and picture.shape[1] > 1000 and picture.std() > 10
    assert "first calls" in page and "othing speaks against it" in page


def test_landmarks_before_lie_pixel_on_pixel():
    image = np.zeros((30, 40), np.float32)
    fixed, moving = np.array([[5.0, 6.0], [10.0, 20.0]]), np.array([[8.0, 10.0], [10.0, 20.0]])
    pair = PreparedPair("pair", image, image, fixed, moving)
    field = np.broadcast_to(np.float32([3, 4]), (30, 40, 2))
    errors = landmark_errors(pair, field)
    np.testing.assert_allclose(errors.found["before"], fixed)
    np.testing.assert_allclose(errors.found["after"], fixed + [3, 4], atol=1e-5)
    # Of both, one landmark is met and the other 5 pixels off; the diagonal has 50 pixels.
    assert errors.median == pytest.approx({"before": 0.05, "after": 0.05})


def test_an_image_is_turned_counterclockwise_and_its_landmarks_with_it():
    image = np.zeros((41, 41), np.float32)
    image[20:23, 29:32] = 1.0  # to the right of the middle
    at = np.array([[21.0, 30.0]])
    pair = turned(PreparedPair("pair", image, image, at, at), np.pi / 2, 1.0, (-2, 5))
    np.testing.assert_allclose(pair.moving_points, [[20 - 10 - 2, 20 + 1 + 5]], atol=1e-9)
    np.testing.assert_allclose(np.argwhere(pair.moving > 0.5).mean(axis=0), pair.moving_points[0], atol=1e-6)


def test_a_pair_of_ones_own(tmp_path, capsys):
    generator = np.random.default_rng(5)
    blobs = skimage.filters.gaussian(generator.random((72, 64)), 2.5)
    blobs = np.uint8(255 * (blobs - blobs.min()) / np.ptp(blobs))
    # Of another size, shifted, and dark where the other is bright.
    write_image(tmp_path / "one.png", blobs[:64, :60])
    write_image(tmp_path / "two.tif", 255 - blobs[3:, :])
    arguments = ["--pair", tmp_path / "one.png", tmp_path / "two.tif", "--output", tmp_path / "out"]
    assert demo.main([str(argument) for argument in arguments]) == 0
    (row,) = rows_of(tmp_path / "out")
    assert (row["pair"], row["size"]) == ("one.png and two.tif", "64 x 60")
    assert float(row["similarity_after"]) > 0.8 > float(row["similarity_before"])
    assert {path.name for path in (tmp_path / "out" / "pictures").iterdir()} == {"one-two.png"}
    text = capsys.readouterr().out
    assert "one.png and two.tif" in text and "known fields" not in text


def test_pairs_that_cannot_be_taken_are_clear_errors(tmp_path, capsys):
    write_image(tmp_path / "one.png", np.arange(1600, dtype=np.uint8).reshape(40, 40))
    one, absent = str(tmp_path / "one.png"), str(tmp_path / "absent.png")
    output = ["--output", str(tmp_path / "out")]
    for pairs, expected in (
        (["--pair", one, absent], "which does not exist"),
        (["--pair", one, one, "--pair", one, one], "Expected pairs of different names"),
    ):
        assert demo.main([*pairs, *output]) == 1
        assert expected in capsys.readouterr().err
    for ignored in (["--seed", "3"], ["--model-2d", "A-6"]):
        with pytest.raises(SystemExit):
            demo.main(["--pair", one, one, *ignored, *output])
        assert f"Expected {ignored[0]} with images" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
