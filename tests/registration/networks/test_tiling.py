from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from dirv_tf import geometry
from dirv_tf.models import DIRVNet
from dirv_tf.models.dirv_net import network as network_module
from dirv_tf.registration import register
from dirv_tf.registration.networks import tiling

SLOPES = {2: 0.2, 3: 0.05}


@pytest.mark.parametrize(
    "size, side, overlap, multiple",
    [(100, 48, 16, 4), (97, 48, 32, 4), (1000, 64, 56, 8), (65, 64, 32, 4), (64, 64, 32, 4), (30, 64, 32, 4)],
)
def test_weights_are_a_partition_of_unity(size, side, overlap, multiple):
    tiles = tiling.tiles_along(size, side, overlap, multiple)
    total = np.zeros(tiles[-1][0] + side)
    for start, weights in tiles:
        assert start % multiple == 0 and weights.shape == (side,)
        assert weights.min() >= 0 and weights.max() <= 1
        total[start : start + side] += weights
    np.testing.assert_allclose(total, 1, atol=1e-14)
    starts = [start for start, _ in tiles]
    assert starts[0] == 0 and size <= len(total) < max(size, side) + multiple
    assert all(0 < later - earlier <= side - overlap for earlier, later in zip(starts, starts[1:]))
    if len(tiles) > 1:
        assert tiles[0][1][0] == 1 and tiles[0][1][-1] < 1e-3, "full at the image's border, faded at the tile's"
        assert np.abs(np.diff(tiles[0][1])).max() < 8 / overlap, "no seam"


@pytest.fixture
def make_small_network():
    """Networks of two units that move something, the same in every version of Keras."""

    def make(rank):
        random = np.random.default_rng(rank)
        network = DIRVNet(rank, levels=1, units=2, experts=3, kernel_sizes=3, knots=8)
        for name, variable in network.named_variables().items():
            if name.endswith("/kernels"):
                variable.assign(random.normal(scale=0.25, size=variable.shape).astype(np.float32))
            elif name.endswith("/knots"):
                slope = SLOPES[rank] if "data_experts" in name else 0.05
                variable.assign(np.broadcast_to(np.linspace(-slope, slope, 8, dtype=np.float32), variable.shape))
            else:
                variable.assign(np.float32(1.0))
        return network

    return make


@pytest.fixture
def narrow_halo(monkeypatch):
    """For the two units of the tests' network."""
    monkeypatch.setattr(network_module, "HALO", 16)


@pytest.mark.parametrize("shape, tile", [((96, 80), 48), ((93, 78), (60, 48)), ((93, 30), 44)])
def test_tiles_give_the_field_of_the_whole_image(make_small_network, make_pair, narrow_halo, shape, tile):
    network, pair = make_small_network(2), make_pair(shape)
    seen = []
    whole = register(*pair, model=network)
    tiled = register(*pair, model=network, tile=tile, progress=lambda *numbers: seen.append(numbers))
    total = seen[-1][1]
    assert total > 1 and seen == [(done, total) for done in range(1, total + 1)]
    longest = np.abs(whole.flow_field).max()
    assert longest > 0.5, "the test needs a field that moves something"
    difference = np.linalg.norm(tiled.flow_field - whole.flow_field, axis=-1)
    assert difference.mean() < 0.002 * longest and difference.max() < 0.03 * longest
    assert difference.max() > 0, "the test should have used tiles"
    np.testing.assert_array_equal(tiled.displacement_field, tiled.flow_field[::4, ::4])
    expected = ndimage.map_coordinates(
        pair[1], np.indices(shape) + np.moveaxis(tiled.flow_field, -1, 0), order=1, mode="nearest"
    )
    np.testing.assert_allclose(tiled.registered, expected, atol=1e-5)


def test_volumes_are_tiled_by_the_same_code(make_small_network, make_pair, narrow_halo):
    network, pair = make_small_network(3), make_pair((46, 13, 11))
    whole, tiled = register(*pair, model=network), register(*pair, model=network, tile=36)
    difference = np.linalg.norm(tiled.flow_field - whole.flow_field, axis=-1)
    assert 0 < difference.max() < 0.03 * np.abs(whole.flow_field).max()


def test_large_images_are_tiled_by_themselves(network_2d, make_pair, narrow_halo, monkeypatch):
    pair = make_pair((80, 30))
    tiles = []
    for limit in (80 * 30, 80 * 30 - 1):
        monkeypatch.setattr(tiling, "LARGEST_PIECE", limit)
        register(*pair, model=network_2d, progress=lambda done, total: tiles.append(total))
    assert tiles[0] == 1 and max(tiles[1:]) > 1
    tiles.clear()
    register(*pair, model=network_2d, tile=False, progress=lambda done, total: tiles.append(total))
    assert tiles == [1]


def test_sides_are_legal_and_not_longer_than_the_image(make_network):
    network = make_network(2, levels=3)
    assert network.halo == (64, 64)
    assert tiling.tile_sides(200, (1000, 150), network) == (208, 150)
    assert tiling.tile_sides(None, (4000, 3000), network) == (2000, 2000)
    assert tiling.tile_sides(None, (2000, 2000), network) == (2000, 2000)
    assert tiling.tile_sides(False, (4000, 3000), network) == (4000, 3000)


@pytest.mark.parametrize("tile", [True, 64, 0, 100.0, (100,), (100, 64), "100", (100, 100, 100)])
def test_impossible_tiles(network_2d, make_pair, tile):
    with pytest.raises(ValueError, match="longer than the 32 x 32 pixels at both ends.*Received: tile="):
        register(*make_pair((16, 20)), model=network_2d, tile=tile)


def test_a_network_that_must_see_the_whole_image_gets_it_smaller(network_2d, make_pair, monkeypatch):
    fixed, moving = make_pair((60, 84))
    monkeypatch.setattr(DIRVNet, "halo", None)
    monkeypatch.setattr(tiling, "LARGEST_PIECE", 60 * 84 // 4)
    result = register(fixed, moving, model=network_2d)
    assert any("registered at 1/2 of the size" in note for note in result.notes)
    halved = [geometry.downsample_image(image[None, ..., None])[0, ..., 0].numpy() for image in (fixed, moving)]
    small = register(*halved, model=network_2d)
    # Fine pixel 2k lies on coarse pixel k, where a displacement counts twice as many pixels.
    np.testing.assert_allclose(result.flow_field[::2, ::2], 2 * small.flow_field, atol=1e-5)
    assert "registered at" not in "".join(register(fixed, moving, model=network_2d, tile=False).notes)
    with pytest.raises(ValueError, match="which must see the whole image. Received: tile=48"):
        register(fixed, moving, model=network_2d, tile=48)
