"""Files of linear maps, read by SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest

from dirv_tf import io


@pytest.mark.parametrize("rank", [2, 3])
def test_simpleitk_maps_points_as_written(rank, rng, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    matrix, translation = rng.normal(size=(rank, rank)), 1e4 * rng.normal(size=rank)
    io.write_itk_transform(tmp_path / "affine.tfm", matrix, translation)
    transform = sitk.ReadTransform(str(tmp_path / "affine.tfm"))
    points = rng.normal(scale=100, size=(5, rank))
    mapped = [transform.TransformPoint(point) for point in points.tolist()]
    np.testing.assert_allclose(mapped, points @ matrix.T + translation, rtol=1e-12)


def test_an_older_file_stays(tmp_path):
    path = tmp_path / "affine.tfm"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="affine.tfm"):
        io.write_itk_transform(path, np.eye(2), [0, 0])
    assert path.read_text(encoding="utf-8") == "mine"
    io.write_itk_transform(path, np.eye(2), [0, 0], overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("#Insight Transform File V1.0\n")


@pytest.mark.parametrize(
    "name, matrix, translation, message",
    [
        ("affine.txt", np.eye(2), [0, 0], "ends with .tfm"),
        ("affine.tfm", np.eye(4), [0] * 4, r"matrix.shape=\(4, 4\)"),
        ("affine.tfm", np.eye(3), [0, 0], r"translation.shape=\(2,\)"),
        ("affine.tfm", np.eye(2), [0, np.nan], "finite numbers"),
    ],
)
def test_other_things_are_refused(name, matrix, translation, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        io.write_itk_transform(tmp_path / name, matrix, translation)
    assert not list(tmp_path.iterdir())
