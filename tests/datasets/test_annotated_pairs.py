"""Pairs with labels, landmarks and masks."""

import numpy as np
import pytest
import tifffile

from dirv_tf import losses
from dirv_tf.datasets import MixedPairs, ShapePairs, from_config, from_pairs

COLUMNS = ("fixed", "moving", "fixed_labels", "moving_labels", "fixed_landmarks", "moving_landmarks", "fixed_mask")
SHAPES = {"a": ((30, 24), (30, 24)), "b": ((20, 40), (20, 40))}


def _write(folder, shapes=SHAPES):
    """Images whose intensity at (row, column) is 100 row + column, with labels of the same numbers."""
    lines = [",".join(COLUMNS)]
    for name, pair in shapes.items():
        for kind, shape in zip(("fixed", "moving"), pair):
            places = np.add.outer(100 * np.arange(shape[0]), np.arange(shape[1]))
            tifffile.imwrite(folder / f"{name}_{kind}.tif", places.astype(np.uint16))
            tifffile.imwrite(folder / f"{name}_{kind}_labels.tif", (places % 7).astype(np.float32))
            rows = [f"{point},{point},{point + (kind == 'moving')}" for point in range(0, 20, 4)]
            text = "name,X,Y\n" + "\n".join(rows[::-1] if kind == "moving" else rows) + "\n"
            (folder / f"{name}_{kind}_landmarks.csv").write_text(text)
        tifffile.imwrite(folder / f"{name}_mask.tif", np.full(pair[0], 200, np.uint8))
        stems = (f"{name}_{each}" for each in ("fixed.tif", "moving.tif", "fixed_labels.tif", "moving_labels.tif"))
        lines.append(",".join([*stems, f"{name}_fixed_landmarks.csv", f"{name}_moving_landmarks.csv", f"{name}_mask.tif"]))
    (folder / "pairs.csv").write_text("\n".join(lines))
    return folder / "pairs.csv"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("annotated"))


def _assert_slopes(fixed):
    """Patches of a plane that is a hundred times as steep along the rows, whatever they were stretched by."""
    steps = (fixed[:, 1, 0, 0] - fixed[:, 0, 0, 0]) / (fixed[:, 0, 1, 0] - fixed[:, 0, 0, 0])
    np.testing.assert_allclose(steps, 100, rtol=1e-2)


def test_everything_is_cut_at_one_place(table):
    pairs = from_pairs(table, size=(12, 16), count=6, batch_size=6)
    assert pairs.annotations == ("labels", "landmarks", "mask") and pairs.label_values == (1, 2, 3, 4, 5, 6)
    ((fixed, moving), targets), = pairs.evaluation()
    _assert_slopes(fixed.numpy())
    assert targets["labels"]["fixed"].shape == (6, 12, 16, 6) and targets["mask"].numpy().min() == 1
    # The labels tell a place up to a multiple of seven, the landmarks the place itself.
    points = {key: value.numpy() for key, value in targets["landmarks"].items()}
    assert points["fixed"].shape == (6, 5, 2) and points["weights"].sum() >= 5
    for pair in range(6):
        kept = points["weights"][pair] == 1
        np.testing.assert_array_equal(points["moving"][pair, kept] - points["fixed"][pair, kept], np.tile([1, 0], (kept.sum(), 1)))
        for part, image in (("fixed", fixed), ("moving", moving)):
            label = targets["labels"][part][pair].numpy() @ np.arange(1, 7)
            # From the stretched intensities, 1/1115 per unit, those of the first pixel follow where a landmark lies.
            np.testing.assert_array_equal((label[1:, 0] - label[:-1, 0]) % 7, 100 % 7)
            for place in points[part][pair, kept].astype(int):
                # Landmarks lie at (k, k), their partners one row below: 101 k, and 100 more.
                number = round(float(image[pair, place[0], place[1], 0] - image[pair, 0, 0, 0]) * 1115)
                assert number == 100 * place[0] + place[1]
        assert not points["fixed"][pair, ~kept].any()


def test_landmarks_outside_the_patch_are_left_out(table):
    whole = from_pairs([{"fixed": table.parent / "a_fixed.tif", "moving": table.parent / "a_moving.tif",
                         "fixed_landmarks": table.parent / "a_fixed_landmarks.csv",
                         "moving_landmarks": table.parent / "a_moving_landmarks.csv"}])
    (_, targets), = whole.evaluation()
    assert whole.annotations == ("landmarks",) and set(targets) == {"landmarks"}
    np.testing.assert_array_equal(targets["landmarks"]["fixed"][0], [[k, k] for k in range(0, 20, 4)])
    parts = from_pairs(table, size=(8, 8), count=40, batch_size=40)
    (_, targets), = parts.evaluation()
    weights, places = targets["landmarks"]["weights"].numpy(), targets["landmarks"]["fixed"].numpy()
    assert {0, 1, 2} == set(weights.sum(1).astype(int)), "four apart, so that at most two lie in eight pixels"
    assert places.min() >= 0 and targets["landmarks"]["moving"].numpy().max() <= 7


def test_padded_pairs_may_differ_in_shape(tmp_path):
    table = _write(tmp_path, {"a": ((19, 21), (16, 24))})
    with pytest.raises(ValueError, match="Expected images of one shape"):
        from_pairs(table, size=(16, 16))
    pairs = from_pairs(table, size=(24, 32), pad=True)
    assert pairs.count == 1
    (((fixed, moving), targets),) = pairs.evaluation()
    # Three and five pixels are put before the first, one less where the number is odd.
    np.testing.assert_allclose(fixed[0, 2:21, 5:26, 0], np.add.outer(100 * np.arange(19), np.arange(21)) / 1820, atol=1e-6)
    assert float(np.abs(moving[0, :4]).max()) == 0 == float(np.abs(moving[0, :, :4]).max())
    np.testing.assert_array_equal(targets["mask"][0, ..., 0], np.pad(np.ones((19, 21)), ((2, 3), (5, 6))))
    points = targets["landmarks"]
    np.testing.assert_array_equal(points["fixed"][0], [[k + 2, k + 5] for k in range(0, 20, 4)])
    np.testing.assert_array_equal(points["moving"][0], [[k + 5, k + 4] for k in range(0, 20, 4)])
    with pytest.raises(ValueError, match=r"at most \(16, 32\) pixels to pad. Received: shapes=\[\(19, 21\), \(16, 24\)\]"):
        from_pairs(table, size=(16, 32), pad=True)


def test_labels_can_be_chosen_and_must_be_there(table):
    config = {"kind": "pairs", "pairs": str(table), "size": [12, 16], "batch_size": 1, "labels": [5, 2]}
    pairs = from_config(config)
    every = from_pairs(table, size=(12, 16), batch_size=1)
    chosen, all_of_them = (each.frozen_batch()[1]["labels"]["moving"].numpy() for each in (pairs, every))
    assert pairs.label_values == (5, 2)
    np.testing.assert_array_equal(chosen, all_of_them[..., [4, 1]])
    # One table may lack a label that the other has.
    assert from_config({**config, "labels": [5, 9]}).frozen_batch()[1]["labels"]["fixed"].shape[-1] == 2
    with pytest.raises(ValueError, match=r"among those of the images, 1, 2, 3, 4, 5, 6. Received: labels=\[7\]"):
        from_config({**config, "labels": [7]})
    rows = [(table.parent / "a_fixed.tif", table.parent / "a_moving.tif")]
    with pytest.raises(ValueError, match=r"fixed_labels and moving_labels for `labels`. Received: labels=\[1\]"):
        from_pairs(rows, labels=[1])


def test_annotations_that_do_not_fit_are_named(table, tmp_path):
    images = {"fixed": table.parent / "a_fixed.tif", "moving": table.parent / "a_moving.tif"}
    other = table.parent / "b_fixed_labels.tif"
    wrong = tmp_path / "half.tif"
    tifffile.imwrite(wrong, np.full((30, 24), 0.5, np.float32))
    for entries, message in (
        ({"fixed_labels": other}, "`pairs`: expected fixed_labels and moving_labels of every pair.*Received: "),
        ({"fixed_labels": other, "moving_labels": other}, "images of one shape"),
        ({"fixed_labels": wrong, "moving_labels": wrong}, "integers from 0 to 65535. Received: .*half.tif with .0.5"),
        ({"fixed_mask": tmp_path / "none.tif"}, "none.tif"),
        ({"mask": other}, "expected no entries but fixed, moving.*Received: .'mask'"),
    ):
        with pytest.raises(ValueError, match=message):
            from_pairs([{**images, **entries}])
    with pytest.raises(ValueError, match="the same annotations of all pairs"):
        from_pairs([images, {**images, "fixed_mask": table.parent / "a_mask.tif"}])


def test_a_pair_whose_landmarks_cannot_be_read_is_left_out_with_the_others(table, tmp_path):
    rows = [
        {column: table.parent / f"{name}_{column}.{'csv' if 'landmarks' in column else 'tif'}"
         for column in ("fixed", "moving", "fixed_landmarks", "moving_landmarks")}
        for name in ("a", "b")
    ]
    pairs = from_pairs(rows, size=(12, 16), batch_size=1)
    assert pairs.files == tuple(tuple(row.values()) for row in rows)
    # As a table of pairs to register has them: some landmarks do not count.
    fewer = from_pairs([{**row, "exclude": "0 8"} for row in rows], size=(16, 20), batch_size=1)
    assert fewer.frozen_batch()[1]["landmarks"]["weights"].shape[-1] == 3
    with pytest.raises(ValueError, match="names of landmarks that do not count. Received: exclude='none'"):
        from_pairs([{**row, "exclude": "none"} for row in rows])
    rows[0]["fixed_landmarks"] = tmp_path / "none.csv"
    with pytest.warns(UserWarning, match="none.csv"):
        left = from_pairs(rows, size=(12, 16), batch_size=1, on_error="skip")
    assert left.files == pairs.files[1:] and left.frozen_batch()[1]["landmarks"]["weights"].shape[0] == 1
    with pytest.raises(ValueError, match="none.csv"):
        from_pairs(rows, size=(12, 16))


def test_shapes_with_labels():
    plain, labeled = (
        ShapePairs((24, 32), 4, 4, (4, 8), labels=4, desensitize=False, label_maps=given) for given in (False, True)
    )
    (images, field), (same, targets) = plain.frozen_batch(), labeled.frozen_batch()
    for one, other in zip((*images, field), (*same, targets["flow_field"])):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert labeled.label_values == (1, 2, 3) and set(np.unique(targets["labels"]["moving"])) == {0, 1}
    true = float(losses.LabelLoss()(targets, {"flow_field": targets["flow_field"]}))
    before = float(losses.LabelLoss()(targets, {"flow_field": 0 * targets["flow_field"]}))
    assert true < 0.5 * before
    with pytest.raises(ValueError, match="without labels. Received: parts with label_maps=True"):
        MixedPairs([labeled, labeled])
