"""The trainings that are compared, and the teachers beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dirv_tf.training.config.config_loading import load_run
from experiments.comparison.pair_sets import SETS, TISSUE, PairSet

RUN = Path(__file__).with_name("student.yaml")
# The network whose optimized fields are learned, and how `register` is asked for them.
TEACHER = {"model": "best-2d", "optimize": True}
SIZES = {
    "small": {"model.encoder": [8, 16, 16], "model.decoder": [16, 16], "model.last": [8]},
    "medium": {},
    "large": {"model.encoder": [24, 48, 64], "model.decoder": [64, 48], "model.last": [32]},
}
TARGETS = {
    "unsupervised": "intensities alone, as VoxelMorph was published",
    "taught": "the teacher's fields",
    "known": "the known fields",
}
# Unseen pairs of the kinds that the students and best-2d were trained on.
TESTS = (SETS[0], PairSet("tissue-64", "patches of 64² of sections, deformed by known fields", TISSUE))


@dataclasses.dataclass(frozen=True)
class Member:
    """A student.

    Attributes
    ----------
    size : str
        Key of `SIZES`.
    target : str
        Key of `TARGETS`: what it learns from.
    """

    size: str
    target: str

    @property
    def name(self) -> str:
        """Of the folder of its run."""
        return f"{self.size}-{self.target}"


MEMBERS = {member.name: member for member in (Member(size, target) for target in TARGETS for size in SIZES)}


def member_config(name: str, teacher_folder: Path, overrides: dict[str, Any] | None = None) -> Any:
    """Return the run of a student.

    Parameters
    ----------
    name : str
        Key of `MEMBERS`.
    teacher_folder : Path
        Of the teacher's fields, which all students share.
    overrides : dict, optional
        Further settings by dotted keys.

    Returns
    -------
    RunConfig
    """
    member = MEMBERS[name]
    own: dict[str, Any] = {"name": f"student-{name}", "description": f"A {member.size} U-Net: {TARGETS[member.target]}"}
    own["training.loss"] = "unsupervised" if member.target == "unsupervised" else "displacement"
    if member.target == "taught":
        own["training.teacher"] = {**TEACHER, "folder": str(teacher_folder)}
    return load_run(RUN, overrides={**SIZES[member.size], **(overrides or {}), **own})


def teachers() -> list[tuple[str, str, Callable]]:
    """Return what the students are measured beside: name, what it is, and a function of a pair of images.

    Returns
    -------
    list of tuple
    """
    from dirv_tf import registration
    from experiments.comparison.networks import network_flow_field

    network = registration.load_pretrained(TEACHER["model"])

    def call(**options):
        return lambda fixed, moving: registration.register(fixed, moving, **options).flow_field

    return [
        ("best-2d", "best-2d, one pass", network_flow_field(network)),
        ("teacher", "the teacher: best-2d, its field optimized for the pair", call(**{**TEACHER, "model": network})),
        ("register", "`dirv_tf.register` without options", call()),
    ]
