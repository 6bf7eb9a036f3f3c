"""The run file on the page about labels is legal, and its tables are what it needs."""

import re
from pathlib import Path

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import parse_yaml
from dirv_tf.training.execution import building
from dirv_tf.training.execution.annotations import check_annotations

ROOT = Path(__file__).parents[2]


def test_the_worked_example_is_a_run_on_four_people_tested_on_two_others(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    text = (ROOT / "docs" / "annotations.md").read_text(encoding="utf-8")
    first, *_ = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    exec(compile(first, "annotations.md", "exec"), {})
    block, changes = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "hippocampus.yaml").write_text(block, encoding="utf-8")
    config = load_run(tmp_path / "hippocampus.yaml")
    assert [term.kind for term in config.training.terms] == ["own", "labels"]
    pairs, testing = building.training_pairs(config), building.testing_pairs(config)
    check_annotations(config, pairs, testing)
    assert (pairs.count, testing.count, pairs.label_values) == (12, 2, (1, 2))
    assert pairs.augmentation is None
    augmentation = parse_yaml(changes)["data"]["augmentation"]
    augmented = load_run(tmp_path / "hippocampus.yaml", overrides={"data.augmentation": augmentation})
    assert building.training_pairs(augmented).augmentation is not None
    assert building.testing_pairs(augmented).augmentation is None
    people = [{path.name for row in each.files for path in row} for each in (pairs, testing)]
    assert len(people[0]) == 4 and len(people[1]) == 2 and not people[0] & people[1]
