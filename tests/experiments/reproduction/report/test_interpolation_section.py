"""What control points cannot show, against an oracle and the measured figure."""

import re

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from experiments.reproduction.report import interpolation_section as module


def test_the_field_is_linear_between_control_points_and_constant_beyond():
    true = np.random.default_rng(3).normal(size=(1, 16, 24, 2)).astype(np.float32)
    axes = [np.arange(0, side, 4) for side in (16, 24)]
    positions = np.stack(np.meshgrid(np.arange(16).clip(max=12), np.arange(24).clip(max=20), indexing="ij"), axis=-1)
    expected = RegularGridInterpolator(axes, true[0, ::4, ::4])(positions)
    np.testing.assert_allclose(module.rebuilt_field(true)[0], expected, atol=1e-5)


def test_about_three_percent_of_the_intensity_error_remain(monkeypatch):
    monkeypatch.setattr(module, "PAIRS", 100)
    text, picture = module.interpolation_section().blocks
    # 3.2 % with one grid for sampling and interpolation, 15.4 % with the thesis's two grids.
    found = re.search(r"([\d.]+) % of the initial .* off by ([\d.]+) px", text)
    share, worst = map(float, found.groups())
    assert 2.0 < share < 4.5 and 0.2 < worst < 4.0
    assert "100 unseen pairs" in text
    assert picture.content.startswith(b"\x89PNG") and min(picture.size) > 300
