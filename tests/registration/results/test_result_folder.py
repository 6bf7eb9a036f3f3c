from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dirv_tf.io import ImageGeometry, load_image, read_flow_field, write_image
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.registration import RegistrationResult, apply_to_image
from dirv_tf.registration.results import result_folder

OURS = {"affine.tfm", "metrics.json", "registration.png"}


@pytest.fixture
def make_result(rng):
    def make(shape=(12, 16), dtype=np.uint8, moving_path=None, geometry=None):
        largest = 1 if np.issubdtype(dtype, np.floating) else 255
        images = [(rng.random(shape) * largest).astype(dtype) for _ in range(3)]
        field = rng.normal(size=(*shape, len(shape))).astype(np.float32)
        return RegistrationResult(
            registered=images[0],
            flow_field=field,
            displacement_field=field[(slice(None, None, 4),) * len(shape)],
            fixed=images[1],
            moving=images[2],
            model_name="A-6",
            spacing=(4,) * len(shape),
            seconds=0.5,
            fixed_geometry=geometry,
            moving_geometry=geometry,
            moving_path=moving_path,
            notes=("a note",),
            rounds=2,
            intensity_ranges=((0.0, float(largest)),) * 2,
        )

    return make


def names(folder):
    return {path.name for path in Path(folder).iterdir()}


def test_everything_is_in_the_folder(make_result, tmp_path):
    result = make_result()
    folder = result.save(tmp_path / "new" / "result")
    assert folder == tmp_path / "new" / "result"
    assert names(folder) == OURS | {"registered.tif", "flow_field.npz"}
    assert names(folder.parent) == {"result"}, "nothing temporary is left"
    np.testing.assert_array_equal(load_image(folder / "registered.tif").pixels, result.registered)
    np.testing.assert_array_equal(read_flow_field(folder / "flow_field.npz").flow_field, result.flow_field)
    content = json.loads((folder / "metrics.json").read_text())
    assert content["notes"] == ["a note"] and content["rounds"] == 2 and content["method"] == "A-6"
    assert content["affine"] == result.affine.tolist() and content["quality"]["support"] == result.quality.support
    assert set(content["files"]) == names(folder)
    assert content["metrics"] == pytest.approx(result.metrics())
    assert load_image(folder / "registration.png").pixels.shape[0] > 100


@pytest.mark.parametrize(
    "moving, dtype, image, field",
    [
        ("a.PNG", np.uint8, "registered.png", "flow_field.npz"),
        ("a.jpeg", np.uint8, "registered.png", "flow_field.npz"),
        ("a.tiff", np.float32, "registered.tiff", "flow_field.npz"),
        ("a.mha", np.int16, "registered.mha", "flow_field.mha"),
        ("a.mhd", np.uint16, "registered.mha", "flow_field.mha"),
        ("a.nhdr", np.float32, "registered.nrrd", "flow_field.nrrd"),
        ("a.nii", np.float32, "registered.nii", "flow_field.nii"),
        ("a.WebP", np.uint8, "registered.png", "flow_field.npz"),
        ("a.bmp", np.uint8, "registered.png", "flow_field.npz"),
        ("a.dcm", np.int16, "registered.nrrd", "flow_field.nrrd"),
        ("a.npy", np.int16, "registered.npy", "flow_field.npz"),
    ],
)
def test_formats_follow_the_moving_file(make_result, tmp_path, moving, dtype, image, field):
    pytest.importorskip("SimpleITK")
    result = make_result(dtype=dtype, moving_path=tmp_path / moving)
    assert names(result.save(tmp_path / "result")) == OURS | {image, field}
    pixels = load_image(tmp_path / "result" / image).pixels
    assert pixels.dtype == dtype
    np.testing.assert_array_equal(pixels, result.registered)
    np.testing.assert_allclose(
        read_flow_field(tmp_path / "result" / field).flow_field, result.flow_field, atol=1e-5
    )


def test_itk_applies_the_field_of_a_medical_volume(make_result, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    geometry = ImageGeometry((10.0, -20.0, 5.0), ((0.0, 0.6, 0.0), (0.0, 0.0, 0.8), (1.5, 0.0, 0.0)))
    result = make_result((9, 12, 10), np.float32, tmp_path / "moving.nii.gz", geometry)
    folder = result.save(tmp_path / "result")
    assert names(folder) == OURS | {"registered.nii.gz", "flow_field.nii.gz"}
    registered = load_image(folder / "registered.nii.gz")
    assert registered.geometry.is_close(geometry)
    displacement = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "flow_field.nii.gz")))
    np.testing.assert_allclose(displacement, result.flow_field @ np.transpose(geometry.axes), atol=1e-4)


@pytest.mark.parametrize("same_world", [True, False])
def test_itk_applies_the_linear_part(known, known_result, tmp_path, same_world):
    sitk = pytest.importorskip("SimpleITK")
    rank = known.rank
    turned = np.linalg.qr(np.random.default_rng(3).normal(size=(rank, rank)))[0]
    fixed = ImageGeometry.unit(rank) if same_world else ImageGeometry([7.0] * rank, 0.8 * turned)
    moving = ImageGeometry.unit(rank) if same_world else ImageGeometry([-30.0] * rank, turned[::-1] * 1.5)
    result = known_result(known, fixed, moving)
    folder = result.save(tmp_path / "result")
    write_image(tmp_path / "moving.mha", result.moving, moving)
    write_image(tmp_path / "fixed.mha", result.fixed, fixed)
    images = [sitk.ReadImage(str(tmp_path / f"{name}.mha")) for name in ("moving", "fixed")]
    transform = sitk.ReadTransform(str(folder / "affine.tfm"))
    resampled = sitk.GetArrayFromImage(sitk.Resample(*images, transform, sitk.sitkLinear, np.nan))
    expected = apply_to_image(result.moving, result.linear.flow_field(result.size))
    inside = np.isfinite(resampled)
    assert 0.4 < inside.mean() < 1 and np.ptp(expected[inside]) > 0.1
    np.testing.assert_allclose(resampled[inside], expected[inside], atol=1e-4)


def test_format_of_the_field_can_be_chosen(make_result, tmp_path):
    pytest.importorskip("SimpleITK")
    make_result().save(tmp_path / "result", field_format="mha")
    assert names(tmp_path / "result") == OURS | {"registered.tif", "flow_field.mha"}
    with pytest.raises(ValueError, match="npz, nii.gz, nii, mha, nrrd. Received: field_format='png'"):
        make_result().save(tmp_path / "other", field_format="png")
    assert names(tmp_path) == {"result"}


def test_pictures_and_tiffs_take_the_image_of_any_geometry(make_result, tmp_path):
    geometry = ImageGeometry((1.0, 2.0), ((0.0, 0.3), (0.2, 0.0)))
    for suffix, spacing in ((".tif", (0.2, 0.3)), (".png", (1, 1))):
        folder = make_result(moving_path=Path(f"a{suffix}"), geometry=geometry).save(tmp_path / suffix[1:])
        assert load_image(folder / f"registered{suffix}").geometry.pixel_size == pytest.approx(spacing)
        assert read_flow_field(folder / "flow_field.npz").fixed_geometry == geometry


def test_an_empty_folder_is_taken_and_a_full_one_is_not(make_result, tmp_path):
    (tmp_path / "empty").mkdir()
    make_result().save(tmp_path / "empty")
    before = (tmp_path / "empty" / "metrics.json").read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True replaces earlier results. Received: folder="):
        make_result().save(tmp_path / "empty")
    assert (tmp_path / "empty" / "metrics.json").read_bytes() == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="new or empty folder.*Received: folder="):
        make_result().save(tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "content", [None, "{}", "not JSON", '{"kind": "something else", "files": ["mine.txt"]}', "[1]"]
)
def test_a_strangers_folder_is_never_touched(make_result, tmp_path, content):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    if content is not None:
        (folder / "metrics.json").write_text(content)
    before = names(folder)
    with pytest.raises(FileExistsError, match="or one with the results of a registration"):
        make_result().save(folder, overwrite=True)
    assert names(folder) == before and names(tmp_path) == {"mine"}
    if content is not None:
        assert (folder / "metrics.json").read_text() == content


def test_overwriting_replaces_our_files_and_leaves_others(make_result, tmp_path):
    folder = make_result().save(tmp_path / "result")
    (folder / "mine.txt").write_text("mine")
    (folder / "registered.txt").write_text("mine too")
    content = json.loads((folder / "metrics.json").read_text())
    content["files"] += ["mine.txt", "../outside.txt", "registered.txt/../mine.txt"]
    (folder / "metrics.json").write_text(json.dumps(content))
    (tmp_path / "outside.txt").write_text("mine")
    second = make_result(moving_path=Path("a.png"))
    second.save(folder, overwrite=True)
    assert names(folder) == OURS | {"registered.png", "flow_field.npz", "mine.txt", "registered.txt"}
    assert names(tmp_path) == {"result", "outside.txt"}
    np.testing.assert_array_equal(read_flow_field(folder / "flow_field.npz").flow_field, second.flow_field)


@pytest.mark.parametrize("function", ["write_image", "write_flow_field", "write_json", "_move"])
@pytest.mark.parametrize("older", [False, True])
def test_nothing_is_left_of_a_save_that_fails(make_result, tmp_path, monkeypatch, function, older):
    folder = tmp_path / "result"
    if older:
        make_result().save(folder)
    before = {name: (folder / name).read_bytes() for name in (names(folder) if older else ())}

    def fail(*arguments, **options):
        raise OSError("no space left on device")

    monkeypatch.setattr(result_folder, function, fail)
    with pytest.raises(OSError, match="no space left"):
        make_result().save(folder, overwrite=True)
    assert names(tmp_path) == ({"result"} if older else set())
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_plot_writes_a_picture(make_result, tmp_path):
    figure = make_result((8, 9, 10)).plot(tmp_path / "picture.png", axis=2)
    assert (tmp_path / "picture.png").stat().st_size > 1000
    assert len(figure.axes) >= 6


def test_matplotlib_is_loaded_for_drawing_only():
    code = (
        "import sys, tensorflow; tensorflow.keras.layers; before = set(sys.modules); import dirv_tf.registration; "
        "print(sorted({'matplotlib', 'dirv_tf.figures'} & set(sys.modules) - before))"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_what_a_killed_process_left_is_removed_and_half_a_result_taken_back(make_result, tmp_path):
    """One was killed beside the new folder, one as it moved its files into a folder that was there."""
    folder = tmp_path / "result"
    make_result().save(tmp_path / "other")
    (tmp_path / ".result-0123456789ab").mkdir()
    (tmp_path / "other").rename(tmp_path / "half")
    folder.mkdir()
    (tmp_path / "half").rename(folder / ".result-ba9876543210")
    for name in ("registered.tif", "affine.tfm"):
        (folder / ".result-ba9876543210" / name).rename(folder / name)
    result_folder.check_result_folder(folder, overwrite=False)
    assert names(tmp_path) == {"result"} and names(folder) == set()
    make_result().save(folder)
    assert names(folder) == OURS | {"registered.tif", "flow_field.npz"}


def test_what_another_process_writes_at_the_moment_stays(make_result, tmp_path):
    busy = tmp_path / ".result-0123456789ab"
    with folder_lock(busy):
        make_result().save(tmp_path / "result")
    assert names(tmp_path) == {"result", busy.name}
