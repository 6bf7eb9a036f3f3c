"""What is killed: a training, a registration, the registration of many pairs; and what must hold afterwards."""

from __future__ import annotations

import abc
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from dirv_tf.registration.pairs.pair_row import DONE
from dirv_tf.training.execution.checkpoints import finished_epochs
from dirv_tf.training.execution.history import read_history
from experiments.reliability.whole_files import broken_files, temporary_paths

EPOCHS = 3
PAIRS = 3
_RUN = f"""\
name: killed
description: the smallest training that has checkpoints
model: {{levels: 1, units: 1, experts: 2, knots: 4, kernel_sizes: [3, 3]}}
data: {{kind: chessboard, size: [16, 16], cell_range: [3, 5], transform: affine, train_images: 4, test_images: 4}}
training: {{epochs: {EPOCHS}, batch_size: 2, learning_rate: 1.0e-2, schedule: cosine, loss: displacement}}
seeds: {{training: 42, testing: 77}}
evaluation: {{batch_size: 2}}
"""


class Case(abc.ABC):
    """A kind of work that is killed, begun again, and compared with what was never killed.

    Attributes
    ----------
    name : str
    share : float
        Of all kills.
    is_done_once : bool
        Whether a finished work is not carried out again.
    replaces : bool
        Whether it may begin where an earlier result is, which stays whole until it is replaced.
    """

    name: str
    share: float
    is_done_once = False
    replaces = False

    @abc.abstractmethod
    def arguments(self, folder: Path, inputs: Path) -> list[str]:
        """Return the command that begins the work, or goes on with it."""

    def is_finished(self, folder: Path) -> bool:
        """Whether there is nothing left to do."""
        return (folder / "metrics.json").is_file()

    def progress(self, folder: Path) -> dict:
        """Return what is safe by now."""
        return {}

    def lost(self, before: dict, after: dict) -> list[str]:
        """Return what was safe and is not any more, and what is there twice."""
        return []

    @abc.abstractmethod
    def result(self, folder: Path) -> tuple:
        """Return all that a work comes to but its times, to be compared."""

    def faults(self, folder: Path) -> list[str]:
        """Return what must never be, however the work was ended: files under their final names that are not whole."""
        return broken_files(folder)

    def left_behind(self, folder: Path) -> list[str]:
        """Return temporary files that are still there when the work is finished."""
        return [path.name for path in temporary_paths(folder)]


class _Training(Case):
    name, share, is_done_once = "training", 0.2, True

    def arguments(self, folder, inputs):
        if (folder / "config.yaml").is_file():
            return ["train", "--resume", str(folder), "--no-tensorboard"]
        # Killed before its first file, it left nothing to go on with: it begins again.
        shutil.rmtree(folder, ignore_errors=True)
        return ["train", str(inputs / "run.yaml"), "--output", str(folder), "--no-tensorboard"]

    def progress(self, folder):
        rows = [int(row["epoch"]) for row in read_history(folder / "history.csv")]
        return {"epochs": finished_epochs(folder / "checkpoints" / "last.npz"), "rows": rows}

    def lost(self, before, after):
        rows = after["rows"]
        wrong = [] if rows == list(range(1, len(rows) + 1)) else [f"epochs {rows} in the history"]
        # The line comes before the checkpoint: one too many is dropped on resuming, one too few would be lost.
        if not after["epochs"] <= len(rows) <= after["epochs"] + 1:
            wrong.append(f"{len(rows)} lines of {after['epochs']} epochs")
        if after["epochs"] < before.get("epochs", 0):
            wrong.append(f"epoch {before['epochs']}")
        return wrong

    def result(self, folder):
        history = [{key: value for key, value in row.items() if key != "seconds"} for row in
                   read_history(folder / "history.csv")]
        test = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        return history, test, (folder / "weights.npz").read_bytes(), (folder / "checkpoints" / "last.npz").read_bytes()


class _Registration(Case):
    name, share, replaces = "register", 0.45, True

    def arguments(self, folder, inputs):
        images = [str(inputs / f"{number}.png") for number in (0, 1)]
        return ["register", *images, "-o", str(folder), "--effort", "fast", "--overwrite"]

    def result(self, folder):
        content = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        measured = {key: value for key, value in content.items() if key != "seconds"}
        files = ("registered.png", "flow_field.npz", "affine.tfm")
        present = sorted(path.name for path in folder.iterdir())
        return measured, present, [(folder / name).read_bytes() for name in files]


class _Cohort(Case):
    name, share = "cohort", 0.35

    def arguments(self, folder, inputs):
        resume = ["--resume"] if (folder / "settings.json").is_file() else []
        return ["register", "--pairs", str(inputs / "pairs.csv"), "-o", str(folder), "--effort", "fast", *resume]

    def is_finished(self, folder):
        return len(self.progress(folder)) == PAIRS and (folder / "index.html").is_file()

    def progress(self, folder):
        # When the results of the pairs that are done were written, by name.
        records = [json.loads(path.read_text(encoding="utf-8"))["row"] for path in folder.glob(".pairs/*/row.json")]
        names = [record["name"] for record in records if record["status"] == DONE]
        return {name: (folder / name / "metrics.json").stat().st_mtime_ns for name in names}

    def lost(self, before, after):
        return [f"pair {name}" for name, stamp in before.items() if after.get(name) != stamp]

    def result(self, folder):
        table = (folder / "pairs.csv").read_text(encoding="utf-8").splitlines()
        results = {name: REGISTER.result(folder / name) for name in sorted(self.progress(folder))}
        return [line.split(",")[0] for line in table], results


TRAINING, REGISTER, COHORT = CASES = (_Training(), _Registration(), _Cohort())


def write_inputs(folder: Path) -> None:
    """Write the images, the table of pairs and the run that are worked on.

    Parameters
    ----------
    folder : Path
    """
    folder.mkdir(parents=True)
    chance = np.random.default_rng(1)
    for number in range(PAIRS + 1):
        pixels = ndimage.gaussian_filter(chance.random((48, 56)), 2)
        pixels = 255 * (pixels - pixels.min()) / np.ptp(pixels)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    # The second image is the first one, moved; the others have nothing in common.
    moved = ndimage.shift(np.asarray(Image.open(folder / "0.png")), (1.5, -1), order=1, mode="nearest")
    Image.fromarray(moved).save(folder / "1.png")
    lines = [f"pair {number},{number}.png,{number + 1}.png" for number in range(PAIRS)]
    (folder / "pairs.csv").write_text("\n".join(["name,fixed,moving", *lines, ""]), encoding="utf-8")
    (folder / "run.yaml").write_text(_RUN, encoding="utf-8")
