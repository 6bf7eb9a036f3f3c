"""The trainings that are compared: one network, one budget, other terms in the loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from dirv_tf.io.atomic_write import write_csv
from dirv_tf.training.config.config_loading import load_run
from dirv_tf.validation import ConfigError
from experiments.folders import CHECKOUT

RUN = Path(__file__).with_name("hippocampus.yaml")
TEST = CHECKOUT / "data" / "hippocampus" / "pairs.csv"
TERMS = {
    "unsupervised": None,
    "boxes": [{"kind": "own"}, {"kind": "boxes", "weight": 2.0, "measure": "dice"}],
    "labels": [{"kind": "own"}, {"kind": "labels", "weight": 2.0}],
}
WHAT = {
    "unsupervised": "local correlation and smoothness",
    "boxes": "the same, and Dice of the boxes around both parts",
    "labels": "the same, and Dice of both parts",
}


@dataclasses.dataclass(frozen=True)
class Person:
    """A volume and its labels."""

    name: str
    image: Path
    labels: Path


def people_of(folder: Path, tested: Sequence[str]) -> list[Person]:
    """Return the people in a folder with the subfolders images and labels, without those who are tested on.

    Parameters
    ----------
    folder : Path
        Files ``hippocampus_001.nii.gz`` or ``001.nii.gz``, the same names in both.
    tested : sequence of str
        Numbers of people to leave out, such as "004".

    Returns
    -------
    list of Person
        By name.

    Raises
    ------
    ConfigError
        If there are fewer than two, or an image has no labels.
    """
    folder = Path(folder)
    people = []
    for image in sorted((folder / "images").glob("*.nii.gz")):
        name = image.name.split(".")[0].replace("hippocampus_", "")
        labels = folder / "labels" / image.name
        if not labels.is_file():
            raise ConfigError(f"Expected labels for every image. Received: no {labels}")
        if name not in tested:
            people.append(Person(name, image, labels))
    if len(people) < 2:
        raise ConfigError(
            f"Expected a folder with images/*.nii.gz and labels/*.nii.gz of at least two people who are not tested on. "
            f"Received: {folder} with {len(people)}"
        )
    return people


def tested_people() -> list[str]:
    """Return the numbers of the people in data/hippocampus."""
    return sorted(path.name.split(".")[0] for path in (TEST.parent / "images").glob("*.nii.gz"))


def write_pairs(people: Sequence[Person], path: Path) -> int:
    """Write a table of all ordered pairs of people; return how many."""
    rows = [
        {
            "fixed": str(one.image.resolve()), "moving": str(other.image.resolve()),
            "fixed_labels": str(one.labels.resolve()), "moving_labels": str(other.labels.resolve()),
        }
        for one in people for other in people if one is not other
    ]
    write_csv(path, list(rows[0]), rows)
    return len(rows)


def member_config(name: str, train: Path, overrides: dict | None = None):
    """Return the run of a member.

    Parameters
    ----------
    name : str
        Key of `TERMS`.
    train : Path
        Table of the pairs to train on.
    overrides : dict, optional
        Further settings by dotted keys.

    Returns
    -------
    RunConfig
    """
    own = {
        "name": f"hippocampus-{name}", "description": WHAT[name], "data.train_pairs": str(train),
        "data.test_pairs": str(TEST), "training.terms": TERMS[name],
    }
    return load_run(RUN, overrides={**(overrides or {}), **own})
