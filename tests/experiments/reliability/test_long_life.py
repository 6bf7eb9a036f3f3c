"""A process that registers many sizes keeps few graphs, and hardly more memory."""

import sys

import pytest

from experiments.reliability.long_life import line, lived, resident_memory

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory is read from /proc")


@pytest.mark.parametrize("model, graphs", [(None, 0), ("best-2d", 2)])
def test_graphs_do_not_multiply_with_sizes_and_memory_is_flat(model, graphs):
    lived(model, 2, 2)
    before = lived(model, 2, 2)["graphs"]
    row = lived(model, 14, 12)
    assert row["sizes"] == 12 and row["warnings"] == []
    assert row["graphs"] == before and graphs <= row["graphs"]["graphs"] <= row["graphs"]["most_graphs"]
    # Once, 38 MB were kept for every new size.
    assert row["grown_mb"] < 30 and row["memory_mb"][-1][1] <= resident_memory() + 30
    assert line(row).startswith(f"{model or 'default'}: 14 registrations of 12 sizes")
