"""The robustness sheet: pairs, their changes, and the whole command on tiny pairs."""

import json
import re

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from dirv_tf import register
from dirv_tf.datasets.tissue_sources import tissue_sources
from dirv_tf.models import DIRVNet
from experiments.comparison.robustness import contrast as contrast_module
from experiments.comparison.robustness.__main__ import main
from experiments.comparison.robustness.contrast import (
    CONTRAST_VARIANTS,
    contrast_columns,
    contrast_page,
    contrast_pairs,
)
from experiments.comparison.robustness.run import SEED, measure_robustness
from experiments.comparison.robustness.tissue import tissue_pairs
from experiments.comparison.robustness.variants import VARIANTS, known_pairs
from experiments.folders import CHECKOUT

BY_NAME = {variant.name: variant.change for variant in VARIANTS}


@pytest.fixture(scope="module")
def pairs():
    return tissue_pairs(2, side=64)


@pytest.fixture(scope="module")
def pair(pairs):
    return known_pairs(pairs)[0]


def changed(name, pair, seed=0):
    return BY_NAME[name](pair, np.random.default_rng(seed))


def residual(pair):
    """Mean absolute difference where the true field finds its content inside the moving image."""
    places = np.moveaxis(np.stack(np.indices(pair.fixed.shape), axis=-1) + pair.flow_field, -1, 0)
    inside = ((places >= 2) & (places <= np.array(pair.moving.shape).reshape(2, 1, 1) - 3)).all(axis=0)
    warped = scipy.ndimage.map_coordinates(pair.moving, places, order=1, mode="nearest")
    return np.abs(warped - pair.fixed)[inside].mean()


def test_pairs_have_the_true_field_and_are_the_same_in_every_call(pairs):
    again = tissue_pairs(2, side=64)
    np.testing.assert_array_equal(pairs.moving, again.moving)
    assert residual(known_pairs(pairs)[1]) < 1e-3
    lengths = np.linalg.norm(pairs.flow_field, axis=-1).mean(axis=(1, 2))
    np.testing.assert_allclose(lengths, 2, rtol=1e-4)
    assert not np.array_equal(pairs.flow_field[0], pairs.flow_field[1])


@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_a_change_keeps_the_fixed_image_and_the_range(name, pair):
    result = changed(name, pair)
    np.testing.assert_array_equal(result.fixed, pair.fixed)
    assert result.moving.dtype == np.float32 and result.moving.shape == pair.moving.shape
    assert result.moving.min() >= 0 and result.moving.max() <= 1
    assert (name == "clean") == np.array_equal(result.moving, pair.moving)


@pytest.mark.parametrize("name", ["rotation 45°", "rotation 180°", "shift 10 px", "shift 20 px"])
def test_the_field_follows_a_change_of_pose(name, pair):
    result = changed(name, pair)
    # Two interpolations differ a little from one; the field of the old pose leaves many times as much.
    assert residual(result) < 0.3 * residual(result._replace(flow_field=pair.flow_field))


def test_a_shift_has_its_length(pair):
    moved = changed("shift 20 px", pair).flow_field - pair.flow_field
    np.testing.assert_allclose(np.linalg.norm(moved, axis=-1), 20, rtol=1e-4)


def test_a_bias_field_is_30_percent_at_most_and_as_bright_as_before(pair):
    bright = pair._replace(moving=np.full((64, 64), 0.5, np.float32))
    ratio = changed("bias field ±30 %", bright).moving / bright.moving
    np.testing.assert_allclose([ratio.min(), ratio.max(), ratio.mean()], [0.7, 1.3, 1.0], atol=1e-3)


def test_a_sheet_has_all_variants_and_columns(pairs, tmp_path, monkeypatch):
    small, lines = DIRVNet(rank=2, levels=1, units=1, experts=2), []
    variants = [variant for variant in VARIANTS if variant.name in ("clean", "inverted")]
    record = measure_robustness(pairs, tmp_path, variants, {"network": {"model": small}}, lines.append)
    assert [row["name"] for row in record["variants"]] == ["clean", "inverted"]
    assert record["variants"][0]["initial_px"] == pytest.approx(2, abs=1e-3)
    assert set(record["variants"][0]["columns"]["network"]) == {
        "removed_percent", "worst_pair_px", "folded_percent", "cpu_seconds",
    }
    assert json.loads((tmp_path / "robustness.json").read_text(encoding="utf-8")) == record
    page = (tmp_path / "robustness.md").read_text(encoding="utf-8")
    assert "| clean | 2.00 |" in page and "[2/2] inverted (about" in "\n".join(lines)


def test_a_sheet_of_two_appearances_has_times_and_means(pairs, tmp_path):
    # What an untrained network finds depends on its first weights, and a little of it remains.
    tf.keras.utils.set_random_seed(1)
    small = DIRVNet(rank=2, levels=1, units=1, experts=2)
    columns = {name: settings for name, settings in contrast_columns(small).items() if name in ("network", "optimized")}
    variants = [variant for variant in CONTRAST_VARIANTS if variant.name in ("clean", "gamma 2")]
    record = measure_robustness(
        pairs, tmp_path, variants, columns, lambda line: None, name="contrast", network="mine", page=contrast_page
    )
    assert json.loads((tmp_path / "contrast.json").read_text(encoding="utf-8")) == record
    assert record["network"] == "mine" and not (tmp_path / "robustness.json").exists()
    page = (tmp_path / "contrast.md").read_text(encoding="utf-8")
    optimized = [row["columns"]["optimized"]["removed_percent"] for row in record["variants"]]
    assert optimized[0] > 80
    means = next(line for line in page.splitlines() if line.startswith("| mean |"))
    assert f"| {np.mean(optimized):.1f} |" in means and "network, then optimization" in page and " s) |" in page


def test_pairs_of_two_appearances_are_of_tissue_that_no_training_saw():
    held_out = re.search(r"--test-tissues ([\w ]+)", (CHECKOUT / "Makefile").read_text(encoding="utf-8"))[1].split()
    sources, _ = tissue_sources(CHECKOUT / "data" / "sections", test_tissues=held_out)
    trained = {source.tissue for source in sources if source.part == "train"}
    assert trained and not {name.split("/")[1] for name in contrast_module._UNSEEN} & trained
    drawn = contrast_pairs(1)
    assert drawn.fixed.shape == (1, 128, 128, 1)
    np.testing.assert_allclose(np.linalg.norm(drawn.flow_field, axis=-1).mean(), 2, rtol=1e-4)


def test_a_model_is_for_the_sheet_of_two_appearances(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--model", "A-6", "-o", str(tmp_path / "out")])
    assert ended.value.code == 2 and "--model needs --contrast" in capsys.readouterr().err


def test_a_wrong_command_line_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--pairs", "0", "-o", str(tmp_path / "out")])
    assert ended.value.code == 2 and "Expected an integer of at least 1. Received: 0" in capsys.readouterr().err


def test_a_hole_in_one_image_does_not_send_the_rest_to_another_place():
    """A pose that explained nothing was the start of a field that folds, and what is missing was found elsewhere."""
    number = [variant.name for variant in VARIANTS].index("hole 30 x 30")
    pair = VARIANTS[number].change(known_pairs(tissue_pairs(10))[1], np.random.default_rng([SEED, number, 1]))
    result = register(pair.fixed, pair.moving)
    assert np.linalg.norm(result.flow_field - pair.flow_field, axis=-1).mean() < 0.1
    assert result.quality.folded_percent == 0
