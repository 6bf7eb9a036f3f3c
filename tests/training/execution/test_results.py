"""The result of a run beside its reference, as text and as a row."""

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.execution.results import results_lines
from dirv_tf.training.execution.results import test_row as result_row

METRICS = {"l_int": 1.0, "dl_int": 90.0, "dl_int_finest": 95.0, "folded_percent": 0.0}
CONFIG = """\
name: mine
description: the smallest run
model: {levels: 1, units: 1, experts: 2}
data: {size: [16, 16], cell_range: [3, 5], train_images: 4, test_images: 4}
training: {epochs: 1, batch_size: 2}
"""


def _config(folder):
    (folder / "mine.yaml").write_text(CONFIG, encoding="utf-8")
    return load_run(folder / "mine.yaml")


def test_a_reference_is_shown_for_the_levels_that_it_has(tmp_path):
    reference = {"source": "mine", "split": "train", "metrics": {"dl_int_finest": 88.0, "max_d": 9.0}}
    header, mean, finest, other, *rest = results_lines(_config(tmp_path), 4, METRICS, reference)
    assert header.split()[-8:] == ["×", "255", "L_dis", "px", "ΔL_int", "%", "ΔL_dis", "%"]
    assert mean.split() == ["mine,", "mean", "of", "levels", "1.00", "–", "90.00", "–"]
    assert finest.split() == ["mine,", "finest", "level", "–", "–", "95.00", "–"]
    assert other.split() == ["mine", "(training),", "finest", "level", "–", "–", "88.00", "–"]
    assert rest == ["folded 0.000 % of pixels"]
    assert len({len(line) for line in (header, mean, finest, other)}) == 1, "one column under the other"


def test_a_row_has_every_figure_of_the_reference(tmp_path):
    config = _config(tmp_path)
    plain = result_row(config, 4, METRICS, None, 1.0)
    reference = {"source": "elsewhere", "split": "test", "metrics": {"dl_int": 76.0, "max_d": 9.0}}
    row = result_row(config, 4, METRICS, reference, 1.0)
    added = {"dl_int": 76.0, "max_d": 9.0, "source": "elsewhere", "split": "test"}
    assert row == {**plain, **{f"reference_{name}": value for name, value in added.items()}}
