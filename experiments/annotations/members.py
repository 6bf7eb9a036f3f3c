"""The trainings that are measured: a small network and a deeper one, with other terms in the loss, some augmented."""

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
AUGMENTATION = {
    "rotation": 12.0, "scale": 0.08, "shear": 0.03, "translation": 0.04, "deformation": 3.0, "intensities": 0.4,
}  # fmt: skip
# Wide enough for the person of data/hippocampus whose head is tilted most: 20° to 30° against the others.
STRONGER = {
    "rotation": 20.0, "scale": 0.12, "shear": 0.06, "translation": 0.06, "deformation": 4.0, "intensities": 0.5,
}  # fmt: skip
# One more level than that of the run file, larger volumes, and a field that may be less smooth.
_DEEPER = {
    "model.encoder": [8, 32, 48, 64], "model.decoder": [64, 48, 32], "model.last": [32], "data.size": [48, 64, 48],
    "training.regularization": 0.2,
}  # fmt: skip
_OWN = {"kind": "own"}


def _labels(weight):
    return [_OWN, {"kind": "labels", "weight": weight}]


@dataclasses.dataclass(frozen=True)
class Member:
    """A training that is measured.

    Attributes
    ----------
    what : str
        What it learns from, for the table.
    terms : list of dict, optional
        Of the loss; default: what the run file says alone.
    augmentation : dict, optional
        How the images of a pair are moved and changed at random.
    settings : dict
        Further ones, by dotted keys: of the network, and of how long it is trained.
    start_from : str, optional
        The member whose weights it goes on from.
    """

    what: str
    terms: list | None = None
    augmentation: dict | None = None
    settings: dict = dataclasses.field(default_factory=dict)
    start_from: str | None = None


MEMBERS = {
    "unsupervised": Member("local correlation and smoothness"),
    "boxes": Member(
        "the same, and Dice of the boxes around both parts",
        [_OWN, {"kind": "boxes", "weight": 2.0, "measure": "dice"}],
    ),
    "labels": Member("the same, and Dice of both parts", _labels(2.0)),
    "one-label": Member("the same, and Dice of part 1 alone", _labels(2.0), settings={"data.labels": [1]}),
    "deeper-unsupervised-augmented": Member(
        "a deeper network: local correlation and smoothness, augmented", augmentation=AUGMENTATION, settings=_DEEPER
    ),
    "deeper-labels": Member("a deeper network: Dice of both parts as well", _labels(3.0), settings=_DEEPER),
    "deeper-labels-augmented": Member(
        "a deeper network: Dice of both parts as well, augmented", _labels(3.0), augmentation=AUGMENTATION,
        settings={**_DEEPER, "training.epochs": 22},
    ),
    "deeper-labels-strongly-augmented": Member(
        "a deeper network: Dice of both parts as well, strongly augmented, longer", _labels(3.0),
        augmentation=STRONGER, settings={**_DEEPER, "training.epochs": 55},
    ),
    "deeper-labels-two-passes": Member(
        "the same network, which goes on and registers every pair twice", _labels(3.0), augmentation=STRONGER,
        settings={**_DEEPER, "model.passes": 2, "training.epochs": 24, "training.learning_rate": 5e-4},
        start_from="deeper-labels-strongly-augmented",
    ),
    "deeper-one-label-augmented": Member(
        "a deeper network: Dice of part 1 alone as well, augmented", _labels(3.0), augmentation=AUGMENTATION,
        settings={**_DEEPER, "data.labels": [1]},
    ),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Person:
    """A volume and its labels."""

    name: str
    image: Path
    labels: Path


def person_of(file: str | Path) -> str:
    """Return the number of the person in a file: "004" of "004.nii.gz" or "images/hippocampus_004.nii.gz"."""
    return Path(file).name.split(".")[0].rpartition("_")[2]


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
        name = person_of(image)
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
    return sorted(map(person_of, (TEST.parent / "images").glob("*.nii.gz")))


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
        Key of `MEMBERS`.
    train : Path
        Table of the pairs to train on.
    overrides : dict, optional
        Further settings by dotted keys.

    Returns
    -------
    RunConfig
    """
    member = MEMBERS[name]
    own = {
        "name": f"hippocampus-{name}", "description": member.what, "data.train_pairs": str(train),
        "data.test_pairs": str(TEST), "training.terms": member.terms,
        "data.augmentation": member.augmentation,
    }
    if member.start_from:
        own["training.start_from"] = str(train.parent / member.start_from)
    return load_run(RUN, overrides={**member.settings, **(overrides or {}), **own})
