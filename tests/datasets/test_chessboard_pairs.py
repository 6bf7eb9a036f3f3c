import numpy as np
import pytest
from scipy import ndimage

from dirv_tf.datasets import ChessboardPairs
from dirv_tf.synthesis import chessboard_images


def test_moving_images_are_the_chessboards():
    pairs = ChessboardPairs(size=(24, 24), count=5, batch_size=5, cell_range=(3, 5), seed=7)
    (_, moving), _ = pairs.frozen_batch()
    np.testing.assert_array_equal(moving, chessboard_images((24, 24), 7, np.arange(5), (3, 5)))


@pytest.mark.parametrize("cell_range", [(6, 6), (10, 6), (0, 4), (6,), (6.0, 10.0), 6, (6, 26)])
def test_wrong_cell_ranges_are_errors(cell_range):
    with pytest.raises(ValueError, match="`cell_range` must .*Received: cell_range="):
        ChessboardPairs(size=(24, 24), cell_range=cell_range)


def _patches(size, patch_size, **arguments):
    return ChessboardPairs(
        size, patch_size=patch_size, patches_per_image=3, cell_range=(3, 5), transform="affine", seed=7, **arguments
    )


@pytest.mark.parametrize("size, patch_size", [((24, 20), (8, 12)), ((12, 16, 12), (8, 8, 4))])
def test_patches_are_cut_from_consecutive_chessboards(size, patch_size):
    pairs = _patches(size, patch_size, count=10, batch_size=10)
    (_, patches), _ = pairs.frozen_batch()
    assert pairs.size == patch_size and patches.shape == (10, *patch_size, 1)
    chessboards = chessboard_images(size, 7, np.arange(4), (3, 5)).numpy()[..., 0]
    axes = tuple(range(len(size), 2 * len(size)))
    places = set()
    for number, patch in enumerate(patches.numpy()[..., 0]):
        windows = np.lib.stride_tricks.sliding_window_view(chessboards[number // 3], patch_size)
        fits = np.argwhere((windows == patch).all(axes))
        assert len(fits) > 0, number
        places.update((number // 3, *fit) for fit in fits)
    assert len(places) >= 10


def test_a_patch_depends_on_seed_epoch_and_number_alone():
    (_, patches), _ = _patches((24, 24), (8, 8), count=10, batch_size=10).frozen_batch()
    smaller = _patches((24, 24), (8, 8), count=10, batch_size=4, frozen_last_batch=False)
    again = np.concatenate([moving for (_, moving), _ in smaller.evaluation()])
    np.testing.assert_array_equal(again, patches)
    (_, later), _ = next(iter(smaller.training(1)))
    assert (later != patches[:4]).numpy().any((1, 2, 3)).all()


def test_patches_are_cut_before_they_are_warped():
    pairs = ChessboardPairs((24, 24), 6, 6, (3, 5), patch_size=(8, 8), seed=7)
    (fixed, moving), flow_field = pairs.frozen_batch()
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"))
    for number in range(6):
        # What a field brings in from outside the patch is the patch's own border.
        places = np.clip(grid + np.moveaxis(flow_field[number].numpy(), -1, 0), 0, 7)
        expected = ndimage.map_coordinates(moving[number, ..., 0].numpy(), places, order=1, mode="nearest")
        np.testing.assert_allclose(fixed[number, ..., 0], expected, atol=1e-4)


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("size, patch_size", [((24, 20), (8, 12)), ((12, 16, 12), (8, 8, 4))])
def test_whole_images_may_be_warped_before_they_are_cut(size, patch_size, swap):
    settings = {"count": 5, "batch_size": 5, "swap": swap, "desensitize": False}
    (fixed, moving), field = _patches(size, patch_size, deform_first=True, **settings).frozen_batch()
    assert fixed.shape == moving.shape == (5, *patch_size, 1) and field.shape == (5, *patch_size, len(size))
    whole = ChessboardPairs(size, 2, 2, (3, 5), "affine", seed=7, swap=swap, desensitize=False).frozen_batch()
    whole = [np.concatenate([image, other, flow], -1) for image, other, flow in zip(*whole[0], whole[1])]
    patches = np.concatenate([fixed, moving, field], -1)
    for number, patch in enumerate(patches):
        windows = np.lib.stride_tricks.sliding_window_view(whole[number // 3], patch_size, tuple(range(len(size))))
        near = np.isclose(windows, np.moveaxis(patch, -1, 0), atol=1e-5).all(tuple(range(len(size), windows.ndim)))
        assert near.sum() == 1, number
    (_, originals), _ = _patches(size, patch_size, count=5, batch_size=5).frozen_batch()
    np.testing.assert_array_equal(moving if swap else fixed, originals)


def test_patches_without_contrast_are_drawn_again():
    settings = {"size": (32, 32), "cell_range": (15, 16), "count": 200, "batch_size": 200, "patch_size": (4, 4)}
    faint = []
    for least_contrast in (0.0, 10 / 255):
        pairs = ChessboardPairs(**settings, patches_per_image=4, least_contrast=least_contrast, seed=7)
        (_, patches), _ = pairs.frozen_batch()
        faint.append((patches.numpy().std((1, 2, 3)) < 10 / 255).sum())
    assert faint[0] > 10 and faint[1] == 0


@pytest.mark.parametrize("patch_size", [(32, 8), (8,), (8, 8, 8), (0, 8), 8])
def test_wrong_patch_sizes_are_errors(patch_size):
    with pytest.raises(ValueError, match="`patch_size.*Received: patch_size"):
        ChessboardPairs(size=(24, 24), patch_size=patch_size)


def _initial_statistics(size, transform, batches, batch_size):
    """L_int (x 255), L_dis and mean displacement of the zero field, thesis Section 6.2."""
    pairs = ChessboardPairs(size=size, count=batches * batch_size, batch_size=batch_size, transform=transform)
    rows = []
    for (fixed, moving), field in pairs.training(1):
        control_points = field.numpy()[(slice(None), *[slice(None, None, 4)] * len(size))]
        rows.append(
            (
                255 * np.abs(fixed.numpy() - moving.numpy()).mean(),
                np.sqrt((control_points**2).mean(-1)).mean(),
                np.sqrt((control_points**2).sum(-1)).mean(),
            )
        )
    return np.mean(rows, axis=0)


@pytest.mark.parametrize(
    ("size", "transform", "batches", "batch_size", "expected"),
    [
        # Initial L_int, L_dis and mean displacement behind the thesis's tables, L / (1 - improvement). Many small
        # batches instead of few large ones, because the strength of the non-rigid part is drawn once per batch.
        ((64, 64), "affine", 10, 100, (13.0, 1.18)),
        ((64, 64), "both", 100, 25, (15.5, 1.40, 1.97)),
        ((128, 128), "both", 60, 8, (18.0, 1.65)),
        ((64, 64, 64), "both", 40, 1, (17.0, 1.55)),
    ],
)
def test_initial_statistics_are_those_of_the_thesis(size, transform, batches, batch_size, expected):
    received = _initial_statistics(size, transform, batches, batch_size)
    np.testing.assert_allclose(received[: len(expected)], expected, rtol=0.05)
