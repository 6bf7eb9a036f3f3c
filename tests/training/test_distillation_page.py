"""The run file of docs/distillation.md is one, and what the page says of it holds."""

import re
from pathlib import Path

from dirv_tf.training.config.config_loading import load_run

PAGE = Path(__file__).parents[2] / "docs" / "distillation.md"


def test_the_run_file_of_the_page_names_a_teacher(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "student.yaml").write_text(block, encoding="utf-8")
    run = load_run(tmp_path / "student.yaml")
    teacher = run.training.teacher
    assert (teacher.folder, teacher.model, teacher.optimize) == (str(tmp_path / "teacher_fields"), "best-2d", True)
    assert run.known_fields and not run.data.known_fields and run.distinct_epochs == 1
    # "Four epochs of 2,000 pairs of 64 x 64 pixels are 260 MB."
    assert round(4 * 2000 * 64 * 64 * 2 * 4 / 1e6, -1) == 260
