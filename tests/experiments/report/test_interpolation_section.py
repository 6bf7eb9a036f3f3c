"""What control points cannot show, against an oracle and the measured figure."""

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from dirv_tf.datasets import ChessboardPairs
from experiments.report.interpolation_section import interpolation_error, interpolation_section, rebuilt_field


def test_the_field_is_linear_between_control_points_and_constant_beyond():
    true = np.random.default_rng(3).normal(size=(1, 16, 24, 2)).astype(np.float32)
    axes = [np.arange(0, side, 4) for side in (16, 24)]
    positions = np.stack(np.meshgrid(np.arange(16).clip(max=12), np.arange(24).clip(max=20), indexing="ij"), axis=-1)
    expected = RegularGridInterpolator(axes, true[0, ::4, ::4])(positions)
    np.testing.assert_allclose(rebuilt_field(true)[0], expected, atol=1e-5)


def test_about_three_percent_of_the_intensity_error_remain():
    # 3.2 % with one grid for sampling and interpolation, 15.4 % with the thesis's two grids.
    share, worst = interpolation_error(ChessboardPairs((64, 64), count=100, batch_size=50, seed=77))
    assert 2.0 < share < 4.5 and 0.2 < worst < 4.0


def test_the_section_shows_a_pair(monkeypatch):
    from experiments.report import interpolation_section as module

    monkeypatch.setattr(module, "PAIRS", 8)
    text, picture = interpolation_section().blocks
    assert "% of the initial intensity error remain (8 unseen pairs" in text
    assert picture.content.startswith(b"\x89PNG") and min(picture.size) > 300
    assert interpolation_section(pictures=False).blocks == [text]
