import numpy as np
import pytest

from dirv_tf import datasets


def test_a_mapping_gives_the_dataset_of_its_class():
    arguments = {"size": [24, 24], "count": 6, "batch_size": 3, "cell_range": [3, 5], "transform": "affine", "seed": 77}
    built = datasets.from_config({"kind": "chessboard", **arguments})
    assert isinstance(built, datasets.ChessboardPairs)
    direct = datasets.ChessboardPairs(**arguments)
    np.testing.assert_array_equal(built.frozen_batch()[1], direct.frozen_batch()[1])


@pytest.mark.parametrize("config", [{}, {"kind": "checkers"}, {"kind": None, "count": 3}])
def test_an_unknown_kind_lists_the_legal_ones(config):
    with pytest.raises(ValueError, match="`kind` must be one of chessboard, .*Received: kind="):
        datasets.from_config(config)


def test_unknown_keys_list_the_legal_ones():
    with pytest.raises(ValueError, match="'size', 'count', .*'frozen_last_batch'.*. Received: 'sizes', 'epochs'"):
        datasets.from_config({"kind": "chessboard", "sizes": [24, 24], "epochs": 2})


def test_wrong_values_name_their_key():
    with pytest.raises(ValueError, match="`count` must be .*Received: count=0"):
        datasets.from_config({"kind": "chessboard", "count": 0})


def test_a_config_that_is_no_mapping_is_an_error():
    with pytest.raises(TypeError, match="Received: config='chessboard'"):
        datasets.from_config("chessboard")
