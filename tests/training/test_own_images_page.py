"""The configurations on the page about own images are legal."""

import re
from pathlib import Path

from dirv_tf.training.config.config_loading import load_run

PAGE = Path(__file__).parents[2] / "docs" / "own_images.md"


def test_the_files_on_the_page_are_configurations(tmp_path):
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    kinds = []
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        kinds.append(load_run(path).data.kind)
    assert kinds == ["folder", "mixture", "folder", "pairs"]
