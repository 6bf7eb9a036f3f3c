"""A slide warped by regions is the slide warped whole, whatever ends the process on the way."""

import dataclasses
import os
import signal
import weakref
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from dirv_tf import io
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.io.slide_blocks import SlideBlocks
from dirv_tf.io.tiff_regions import RegionReader
from dirv_tf.registration import apply_to_slide

SECTION = Path(__file__).parents[3] / "data" / "sections" / "epithelium" / "he.tif"
FIXED = io.SlideLevel(3, (175, 188), (1400, 1501), (8.0, 8.0))
MOVING = io.SlideLevel(2, (375, 370), (1501, 1480), (4.0, 4.0))
TILE = 96


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """A section in color, 1501 x 1480 pixels in tiles of 64."""
    gray = io.read_image(SECTION)[300:1801, 200:1680]
    pixels = np.stack([gray, gray // 2 + 90, 255 - gray], axis=-1)
    path = tmp_path_factory.mktemp("slide") / "moving.tif"
    tifffile.imwrite(path, pixels, tile=(64, 64), compression="zlib", photometric="rgb")
    return path, pixels


@pytest.fixture(scope="module")
def field():
    """Turned by 8 degrees, half of the pixels as wide on the moving level, waves, and a part outside the slide."""
    rows, columns = np.indices(FIXED.size, np.float64)
    cosine, sine = np.cos(np.radians(8)), np.sin(np.radians(8))
    center = rows - 87, columns - 93
    places = np.stack([
        187 + 2.1 * (cosine * center[0] - sine * center[1]) + 3 * np.sin(columns / 15),
        185 + 2.1 * (sine * center[0] + cosine * center[1]) + 2 * np.cos(rows / 20) + 5,
    ], axis=-1)  # fmt: skip
    flow = (places - np.stack([rows, columns], axis=-1)).astype(np.float32)
    geometries = (level.geometry(io.ImageGeometry.from_pixel_size((0.001, 0.001))) for level in (FIXED, MOVING))
    return io.FlowFieldFile(flow, *geometries, MOVING.size, (FIXED, MOVING))


@pytest.fixture(scope="module")
def places(field):
    """Where pixels of the whole fixed slide lie in the moving one, by SciPy's interpolation of the field."""
    grid = np.stack(np.meshgrid(*[(np.arange(side) + 0.5) / 8 - 0.5 for side in FIXED.full_size], indexing="ij"))
    components = np.moveaxis(field.flow_field.astype(np.float64), -1, 0)
    flow = [ndimage.map_coordinates(component, grid, order=1, mode="nearest") for component in components]
    return (grid + flow + 0.5) * 4 - 0.5


@pytest.fixture(scope="module")
def whole(slide, places):
    channels = [
        ndimage.map_coordinates(channel, places, np.float64, order=1, mode="nearest")
        for channel in np.moveaxis(slide[1], -1, 0)
    ]
    return np.rint(np.stack(channels, axis=-1))


def check(path, whole):
    warped = io.load_image(path)
    assert np.abs(warped.pixels - whole).max() <= 1 and (warped.pixels != whole).mean() < 1e-5
    assert warped.geometry.pixel_size == pytest.approx((0.001, 0.001)) and warped.pixels.dtype == np.uint8


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_regions_make_the_whole(slide, field, whole, tmp_path, monkeypatch):
    regions, alive, read = [], [], RegionReader.read

    def watched(self, start, size):
        assert not any(reference() is not None for reference in alive), "one region of the moving slide at a time"
        region = read(self, start, size)
        regions.append(size[0] * size[1])
        alive[:] = [weakref.ref(region)]
        return region

    monkeypatch.setattr(RegionReader, "read", watched)
    told = []
    said = apply_to_slide(slide[0], field, tmp_path / "a.ome.tif", tile=TILE, progress=lambda *done: told.append(done))
    check(tmp_path / "a.ome.tif", whole)
    assert said.sizes[0] == FIXED.full_size and said.kept == 0 and told[0] == (0, said.blocks)
    assert [done for done, _ in told] == list(range(said.blocks + 1)) and not hidden(tmp_path)
    # As much as a turned block covers, and no more.
    assert max(regions) < 2 * (4 * TILE) ** 2
    regions.clear()
    monkeypatch.setattr("dirv_tf.registration.maps.whole_slides.MOST_PIXELS_AT_ONCE", 150**2)
    apply_to_slide(slide[0], field, tmp_path / "b.tif", tile=TILE)
    check(tmp_path / "b.tif", whole)
    assert max(regions) <= 150**2


def test_labels_are_those_of_the_nearest_pixel(field, places, tmp_path, rng):
    labels = rng.integers(0, 1000, MOVING.full_size).astype(np.uint16)
    tifffile.imwrite(tmp_path / "labels.tif", labels, tile=(256, 256))
    apply_to_slide(tmp_path / "labels.tif", field, tmp_path / "warped.tif", labels=True, tile=TILE)
    rows, columns = (
        np.clip(np.floor(along + 0.5), 0, side - 1).astype(int) for along, side in zip(places, MOVING.full_size)
    )
    differs = io.read_image(tmp_path / "warped.tif") != labels[rows, columns]
    assert differs.mean() < 1e-5


def test_a_killed_process_costs_the_block_it_was_at(slide, field, whole, tmp_path):
    output, at = tmp_path / "a.tif", 9
    child = os.fork()
    if child == 0:
        try:
            apply_to_slide(
                slide[0], field, output, tile=TILE,
                progress=lambda done, total: os.kill(os.getpid(), signal.SIGKILL) if done == at else None,
            )  # fmt: skip
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    (folder,) = hidden(tmp_path)
    # What it would have been writing.
    (tmp_path / folder / ".0123456789ab-level_0_row_0_column_0.tif").write_bytes(b"half")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / folder).glob("level_*")}
    assert not output.exists() and len(before) == at
    counts = []

    def progress(done, total):
        now = {path.name: path.stat().st_mtime_ns for path in (tmp_path / folder).glob("level_*")}
        assert {name: now[name] for name in before} == before, "no finished block is made again"
        counts.append((done, total))

    said = apply_to_slide(slide[0], field, output, tile=TILE, progress=progress)
    assert said.kept == at and counts[0] == (0, said.blocks - at) and not hidden(tmp_path)
    check(output, whole)


def test_a_process_that_was_killed_at_the_very_end_is_done(slide, field, tmp_path, monkeypatch):
    output = tmp_path / "a.tif"
    with monkeypatch.context() as patch:
        patch.setattr(SlideBlocks, "remove", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            apply_to_slide(slide[0], field, output, tile=TILE)
    content = output.read_bytes()
    said = apply_to_slide(slide[0], field, output, tile=TILE)
    assert said.kept == said.blocks and not hidden(tmp_path) and output.read_bytes() == content
    with pytest.raises(FileExistsError, match="Expected a new file; overwrite=True replaces it. Received: output="):
        apply_to_slide(slide[0], field, output, tile=TILE)
    assert output.read_bytes() == content and not hidden(tmp_path)


def test_blocks_of_another_map_are_not_gone_on_with(slide, field, whole, tmp_path):
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    other = dataclasses.replace(field, flow_field=0.9 * field.flow_field)
    with pytest.raises(KeyboardInterrupt):
        apply_to_slide(slide[0], other, tmp_path / "a.tif", tile=TILE, progress=stop)
    assert len(hidden(tmp_path)) == 1
    said = apply_to_slide(slide[0], field, tmp_path / "a.tif", tile=TILE)
    assert said.kept == 0
    check(tmp_path / "a.tif", whole)


def test_two_processes_do_not_write_one_slide(slide, field, tmp_path):
    message = "that no other process is writing; wait for it. Received: output="
    with folder_lock(tmp_path / ".a.tif-unfinished"), pytest.raises(BlockingIOError, match=message):
        apply_to_slide(slide[0], field, tmp_path / "a.tif", tile=TILE)


def test_wrong_slides_are_errors(slide, field, tmp_path):
    tifffile.imwrite(tmp_path / "small.tif", slide[1][:100], photometric="rgb")
    with pytest.raises(ValueError, match="the moving slide's size, 1501 x 1480. Received: slide=.*of 100 x 1480 pixels"):
        apply_to_slide(tmp_path / "small.tif", field, tmp_path / "a.tif")
    with pytest.raises(ValueError, match="Expected a label map of integers without channels. Received: slide="):
        apply_to_slide(slide[0], field, tmp_path / "a.tif", labels=True)
    with pytest.raises(ValueError, match="ends with .tif, .tiff"):
        apply_to_slide(SECTION.parents[1] / "colon" / "fhl2.png", field, tmp_path / "a.tif")
    volume = io.FlowFieldFile(np.zeros((4, 4, 4, 3), np.float32), *[io.ImageGeometry.unit(3)] * 2)
    with pytest.raises(ValueError, match="Expected a field of two axes for a slide"):
        apply_to_slide(slide[0], volume, tmp_path / "a.tif")
    assert not hidden(tmp_path)
