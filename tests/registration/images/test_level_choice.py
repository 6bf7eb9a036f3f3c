"""Which levels of slides are registered."""

import numpy as np
import pytest
import tifffile

from dirv_tf.io import Landmarks, load_image, slide_pyramids, write_landmarks
from dirv_tf.registration import load_result, register, register_pairs
from dirv_tf.registration.images import level_choice
from dirv_tf.registration.images.level_choice import choose_levels


@pytest.fixture(autouse=True)
def few_pixels(monkeypatch):
    monkeypatch.setattr(level_choice, "MOST_PIXELS", 1000)


@pytest.fixture
def write(tmp_path, make_pair):
    """Write a slide of smooth pixels, each level the means of the one before; of one level an image."""

    def make(name, size, levels=4, micrometers=None, seed=0):
        pixels = (255 * make_pair(size, seed)[0]).astype(np.uint8)
        options = {"tile": (16, 16), "metadata": None}
        if micrometers:
            options.update(resolution=(1e4 / micrometers,) * 2, resolutionunit="CENTIMETER")
        with tifffile.TiffWriter(tmp_path / name) as writer:
            for level in range(levels):
                writer.write(pixels, **options, subfiletype=int(level > 0))
                pixels = pixels.reshape(pixels.shape[0] // 2, 2, -1, 2).mean((1, 3)).astype(np.uint8)
        return tmp_path / name

    return make


def test_the_finest_level_that_is_made_use_of(write):
    slide = write("a.tif", (128, 96))
    chosen, reasons = choose_levels((slide, slide), (None, None))
    assert chosen == (2, 2) and set(reasons) == {"the finest of at most 1,000 pixels"}  # 32 x 24
    assert choose_levels((slide, slide), (0, 3))[0] == (0, 3)
    assert choose_levels((write("b.tif", (128, 96), 2),) * 2, (None, None)) == ((1, 1), ("the coarsest there is",) * 2)


def test_a_very_large_image_is_a_slide(write, network_2d, monkeypatch):
    monkeypatch.setattr(slide_pyramids, "VERY_LARGE", 10_000)
    monkeypatch.setattr(slide_pyramids, "_COARSEST", 20)
    image = write("a.tif", (128, 96), 1)
    result = register(image, image, model=network_2d)
    assert result.size == (32, 24) and result.levels[0].full_size == (128, 96)
    assert result.notes[0].startswith("fixed: level 2 of the large image, made of means of its pixels, was taken, the ")


def test_small_slides_other_images_and_arrays_stay_whole(write):
    small, image = write("a.tif", (32, 16)), write("b.tif", (128, 96), 1)
    assert choose_levels((small, image), (None, None))[0] == (0, 0)
    assert choose_levels((np.zeros((128, 96)), write("c.tif", (128, 96))), (None, None))[0] == (0, 2)


@pytest.mark.parametrize(
    "sizes, micrometers, wanted, chosen",
    [
        # Pixels as wide as those of the other image, where both slides say how wide theirs are ...
        (((128, 96), (64, 48)), (0.25, 0.5), (None, None), (2, 1)),
        (((128, 96), (64, 48)), (0.25, 0.25), (None, None), (2, 2)),
        (((128, 96), (128, 96)), (0.25, 0.5), (None, None), (3, 2)),
        # ... or none does.
        (((128, 96), (64, 48)), (None, None), (None, None), (2, 2)),
        (((128, 96), (64, 48)), (0.25, None), (None, None), (2, 1)),
        (((32, 16), (64, 32)), (0.25, 0.25), (None, None), (1, 1)),
        (((32, 16), (32, 16)), (0.5, 0.25), (None, None), (0, 0)),
        (((128, 96), (128, 96)), (0.25, 0.25), (None, 3), (3, 3)),
        (((128, 96), (128, 96)), (0.25, 0.25), (1, None), (1, 2)),
    ],
)
def test_pixels_of_both_slides_are_alike(write, sizes, micrometers, wanted, chosen):
    slides = [write(name, size, micrometers=each) for name, size, each in zip(("a.tif", "b.tif"), sizes, micrometers)]
    assert choose_levels(slides, wanted)[0] == chosen


def test_a_slide_is_registered_at_its_level(write, network_2d, tmp_path):
    slides = write("a.tif", (128, 96), micrometers=0.5), write("b.tif", (128, 96), micrometers=0.5, seed=1)
    result = register(*slides, model=network_2d)
    assert result.size == (32, 24) and [level.number for level in result.levels] == [2, 2]
    assert result.notes[0] == (
        "fixed: level 2 of the slide was taken, the finest of at most 1,000 pixels: 32 x 24 of 128 x 96 pixels, "
        "0.002 mm wide, each as wide as 4 of full resolution"
    )
    arrays = [load_image(path, level=2).pixels for path in slides]
    np.testing.assert_array_equal(result.flow_field, register(*arrays, model=network_2d).flow_field)
    result.save(tmp_path / "result")
    loaded = load_result(tmp_path / "result")
    assert loaded.levels == result.levels and loaded.fixed_geometry.is_close(result.fixed_geometry)
    np.testing.assert_array_equal(loaded.moving, arrays[1])
    with pytest.raises(ValueError, match="Expected a map whose moving image.*Received: in the first a moving image of"):
        result.compose(register(*arrays, model=network_2d, pixel_size=0.002))


def test_levels_that_differ_start_with_the_slides_on_each_other(write, network_2d):
    slides = write("a.tif", (128, 96)), write("b.tif", (128, 96))
    result = register(*slides, model=network_2d, level=(2, 1))
    # Of the means of four and of two pixels, the first centers are 1.5 and 0.5.
    np.testing.assert_allclose(result.initial.applied(np.array([0.0, 10.0])), [0.5, 20.5])
    assert "started with the first pixels of both slides at one place, at full resolution" in result.notes
    known = register(*slides, model=network_2d, level=(2, 1), pixel_size=0.001)
    np.testing.assert_allclose(known.initial.applied(np.array([0.0, 10.0])), [0.5, 20.5])
    assert known.fixed_geometry.pixel_size == pytest.approx((0.004, 0.004))
    np.testing.assert_allclose(known.fixed_geometry.to_world((0, 0)), [0.0015, 0.0015])
    back = known.inverse()
    assert [level.number for level in back.levels] == [1, 2]
    assert [level.number for level in known.compose(back).levels] == [2, 2]


def test_a_level_and_a_slide_at_its_finest_start_on_each_other(write, network_2d):
    slides = write("a.tif", (128, 96)), write("b.tif", (128, 96))
    result = register(*slides, model=network_2d, level=(0, 2))
    np.testing.assert_allclose(result.initial.applied(np.array([1.5, 41.5])), [0, 10])
    assert "started with the first pixels of both slides at one place, at full resolution" in result.notes
    assert result.levels[0] is None and not any(note.startswith("fixed: level") for note in result.notes)
    # Of an image that is no slide nobody knows how wide its pixels are.
    other = register(write("c.tif", (128, 96), 1), slides[1], model=network_2d, level=(None, 2))
    assert other.initial.is_identity


def test_wrong_levels_are_errors(write, network_2d):
    slide = write("a.tif", (128, 96))
    for level in (4, (0, 9), 1.5, "2"):
        with pytest.raises(ValueError, match=r"Expected a level of the image, by level= or --level: 0 \(128 x 96\); 1"):
            register(slide, slide, model=network_2d, level=level)
    with pytest.raises(ValueError, match="Expected one level for both images, or two.*Received: level="):
        register(slide, slide, model=network_2d, level=(0, 1, 2))
    with pytest.raises(ValueError, match=r"give None for an array, as in level=\(None, 2\)"):
        register(slide, np.zeros((32, 24), np.uint8), model=network_2d, level=2)


def test_landmarks_of_many_slides_count_pixels_of_full_resolution(write, network_2d, tmp_path):
    slides = write("a.tif", (128, 96), micrometers=0.5), write("b.tif", (128, 96), micrometers=0.5, seed=1)
    points = np.array([[40.0, 50.0], [90.0, 30.0]])
    for name, shift in (("fixed.csv", 0.0), ("moving.csv", 4.0)):
        write_landmarks(tmp_path / name, Landmarks(("a", "b"), points + [shift, 0]))
    pair = {"fixed": slides[0], "moving": slides[1]}
    marks = {f"{which}_landmarks": tmp_path / f"{which}.csv" for which in ("fixed", "moving")}
    (row,) = register_pairs([{**pair, **marks}], tmp_path / "out", model=network_2d)
    assert row.is_done and row.tre_unit == "mm"
    assert row.tre_mean_before == pytest.approx(4 * 5e-4) and row.rtre_max_before == pytest.approx(4 / 160)
    # By the formula, with the field of the nearest pixel.
    flow = load_result(tmp_path / "out" / "0001").flow_field
    level = (points + 0.5) / 4 - 0.5
    there = [(at + flow[tuple(np.rint(at).astype(int))] + 0.5) * 4 - 0.5 for at in level]
    expected = np.linalg.norm(np.array(there) - points - [4, 0], axis=1) * 5e-4
    assert row.tre_mean_after == pytest.approx(expected.mean(), abs=1e-4)
