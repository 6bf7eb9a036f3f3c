"""A process that registers many sizes keeps few graphs, and hardly more memory."""

import gc
import json
import sys

import pytest

from dirv_tf.registration import register
from experiments.folders import RECORDS
from experiments.reliability.long_life import MOST_PER_REGISTRATION, RECORD_NAME, is_flat, line, lived, own_memory
from experiments.reliability.moved_pairs import moved_pair

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory is read from /proc")


@pytest.mark.parametrize("model, graphs", [(None, 0), ("best-2d", 2)])
def test_graphs_do_not_multiply_with_sizes_and_memory_is_flat(model, graphs):
    # The memory that a process works with grows to what its largest images need, once, and by how much depends on what it
    # did before. So what is counted are further sizes, none of them larger than the first seven.
    before = lived(model, 7, 7)["graphs"]
    row = lived(model, 14, 14)
    assert row["sizes"] == 14 and row["warm_after"] == 7 and row["warnings"] == []
    assert row["graphs"] == before and graphs <= row["graphs"]["graphs"]
    assert row["graphs"]["shared_graphs"] <= row["graphs"]["most_graphs"]
    # Once, 38 MB were kept for every new size.
    assert row["grown_mb"] < 10 and row["memory_mb"][-1][1] <= own_memory() + 10
    assert line(row).startswith(f"{model or 'default'}: 14 registrations of 14 sizes")


# The first ones fill caches: those of a search one by one, those of a network at once.
@pytest.mark.parametrize(
    "options, first",
    [({}, 30), ({"similarity": "mind"}, 18), ({"model": "best-2d"}, 2), ({"model": "best-2d", "refine": 2}, 2)],
)
def test_a_registration_leaves_few_blocks(options, first):
    """TensorFlow 2.15 keeps one of every eager tensor: once, 349 of a network's registration, 1,200 of one by MIND."""
    pair, count = moved_pair(1, (24, 32) if "refine" in options else (48, 64)), 5
    for _ in range(first):
        register(*pair, **options)
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(count):
        register(*pair, **options)
    gc.collect()
    assert (sys.getallocatedblocks() - before) / count < 30


def test_the_record_is_flat():
    record = json.loads((RECORDS / "reliability" / RECORD_NAME).read_text(encoding="utf-8"))
    assert [row["model"] for row in record["models"]] == ["default", "best-2d"]
    for row in record["models"]:
        assert row["registrations"] == 1000 and row["sizes"] == 50 and row["warnings"] == []
        assert is_flat(row) and row["grown_mb"] <= 5
        assert not is_flat({**row, "grown_mb_per_registration": 2 * MOST_PER_REGISTRATION})
