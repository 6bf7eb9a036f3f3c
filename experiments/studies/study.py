"""A study: a question, and the runs that answer it, read from one YAML file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import yaml

from dirv_tf.training.config.config_loading import load_run
from dirv_tf.training.config.yaml_text import parse_yaml
from dirv_tf.validation import ConfigError
from experiments.folders import RUNS

STUDIES_FOLDER = Path(__file__).resolve().parent / "definitions"
# An eightieth of the pairs that the thesis trains A-6 with, at the learning rate of the quick presets: read the
# differences, not the levels.
QUICK = {
    "preset": "quick",
    "data.train_images": 1250,
    "data.test_images": 1000,
    "training.epochs": 4,
    "training.batch_size": 10,
    "training.learning_rate": 1.5e-3,
    "training.schedule": "cosine",
    "evaluation.validation_images": 0,
}
SCALES = {"quick": QUICK, "full": {}}
# The pages of the documentation that show studies.
PAGES = ("ablations", "networks")


@dataclasses.dataclass(frozen=True)
class Member:
    """One run of a study.

    Attributes
    ----------
    name : str
        Unique over all studies: studies share the members that they both name.
    what : str
        What is special about it.
    run : str
        Name of the run, or path of the run's file, whose settings it takes.
    settings : dict
        Settings by dotted keys on top of the run's.
    deviations : tuple of str
        See `deviations.DEVIATIONS`.
    weights_of : str or None
        Another member: nothing is trained, its weights are tested on this member's pairs.
    starts_from : str or None
        Another member, whose trained weights this one's training goes on from.
    against : str or None
        The member that this one is compared with; None: the study's reference.
    of : str or None
        The member that this one repeats with another seed.
    scales : dict
        Settings of each scale.
    """

    name: str
    what: str
    run: str
    settings: dict = dataclasses.field(default_factory=dict)
    deviations: tuple = ()
    weights_of: str | None = None
    starts_from: str | None = None
    against: str | None = None
    of: str | None = None
    scales: dict = dataclasses.field(default_factory=lambda: SCALES)

    def config(self, scale, overrides=None):
        """The configuration of the run at a scale of `SCALES`, with further settings on top.

        Raises
        ------
        ConfigError
            When the study has no such scale, or a setting is wrong.
        """
        if self.scales[scale] is None:
            known = ", ".join(name for name, settings in self.scales.items() if settings is not None)
            raise ConfigError(f"Expected a scale that the study of '{self.name}' has: {known}. Received: scale={scale}")
        # The run's reference is no member's: its settings are others.
        own = {"name": self.name, "description": self.what, "reference": None}
        changes = {**self.scales[scale], **self.settings, **(overrides or {}), **own}
        return load_run(self.run, overrides=changes, folder=RUNS)


@dataclasses.dataclass(frozen=True)
class Study:
    """A question and its members; all are compared with the one named by `reference`, on one of `PAGES`.

    A file whose `scales` give null for one of `SCALES` has none such. Of a file with `seeds`, every member stands for
    one training per seed: the first under its own name, the others with the seed behind it.
    """

    name: str
    title: str
    question: str
    reference: str
    members: tuple
    page: str = PAGES[0]

    def has(self, scale):
        """Whether its members can be trained at a scale."""
        return all(member.scales[scale] is not None for member in self.members)

    def member(self, name):
        """The member of that name."""
        return next(member for member in self.members if member.name == name)


def known_studies(folder=STUDIES_FOLDER):
    """The names of all studies in a folder, sorted."""
    return sorted(path.stem for path in Path(folder).glob("*.yaml"))


def read_study(name, folder=STUDIES_FOLDER):
    """Read and check a study.

    Parameters
    ----------
    name : str
        One of `known_studies`.
    folder : str or Path
        Where the studies are; paths of runs' files are relative to it.

    Returns
    -------
    Study

    Raises
    ------
    ConfigError
        When there is no such study, or its file is wrong; the text says what is legal.
    """
    known = known_studies(folder)
    if name not in known:
        raise ConfigError(f"There is no such study. Known studies: {', '.join(known) or 'none'}. Received: {name!r}")
    path = Path(folder) / f"{name}.yaml"
    try:
        raw = parse_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: this is not readable YAML: {error}") from None
    _check_keys(raw, {"title", "question", "run", "reference", "members"}, {"page", "scales", "seeds"}, path)
    page = raw.get("page", PAGES[0])
    if page not in PAGES:
        raise ConfigError(f"{path}: `page` must be one of {', '.join(PAGES)}. Received: page={page!r}")
    scales = raw.get("scales", {})
    _check_keys(scales, set(), set(SCALES), f"{path}: scales")
    scales = {**SCALES, **scales}
    members = tuple(_member(each, entry, raw["run"], scales, path) for each, entry in raw["members"].items())
    seeds = raw.get("seeds")
    if seeds is not None and (not isinstance(seeds, list) or len(set(map(str, seeds))) != len(seeds) or len(seeds) < 2):
        raise ConfigError(f"{path}: `seeds` must be a list of at least two, all different. Received: seeds={seeds!r}")
    members = tuple(each for member in members for each in _with_seeds(member, raw))
    names = [member.name for member in members]
    named = [(role, getattr(member, role)) for member in members for role in ("weights_of", "starts_from", "against")]
    for role, wanted in [("reference", raw["reference"]), *named]:
        if wanted is not None and wanted not in names:
            raise ConfigError(f"{path}: `{role}` must be one of {', '.join(names)}. Received: {role}={wanted!r}")
    return Study(name, raw["title"], raw["question"], raw["reference"], members, page)


def _member(name, entry, run, scales, path):
    optional = {"run", "settings", "deviations", "weights_of", "starts_from", "against"}
    _check_keys(entry, {"what"}, optional, f"{path}: members.{name}")
    run = entry.get("run", run)
    if run.endswith(".yaml"):
        run = str(path.parent / run)
    deviations = tuple(entry.get("deviations", ()))
    others = {role: entry.get(role) for role in ("weights_of", "starts_from", "against")}
    return Member(name, entry["what"], run, entry.get("settings", {}), deviations, **others, scales=scales)


def _with_seeds(member, raw):
    """Return a member once per seed; what it names is then of the same seed, and the study's reference, too."""
    seeds = raw.get("seeds")
    if seeds is None:
        return [member]
    seeded = [{**member.settings, "seeds.training": seed} for seed in seeds]
    first, *others = (dataclasses.replace(member, settings=settings) for settings in seeded)
    repeated = [first]
    for each, seed in zip(others, seeds[1:]):
        named = {"weights_of": each.weights_of, "starts_from": each.starts_from}
        named["against"] = each.against or raw["reference"]
        named = {role: name and f"{name}-{seed}" for role, name in named.items()}
        what = f"The same, seed {seed}"
        repeated.append(dataclasses.replace(each, name=f"{each.name}-{seed}", what=what, of=member.name, **named))
    return repeated


def _check_keys(raw, required, optional, where):
    keys = set(raw) if isinstance(raw, dict) else None
    if keys is None or not required <= keys <= required | optional:
        parts = [", ".join(sorted(required)), "perhaps " + ", ".join(sorted(optional)) if optional else ""]
        raise ConfigError(
            f"{where}: must be a mapping with {' and '.join(part for part in parts if part)}. "
            f"Received: {', '.join(map(str, raw)) if keys is not None else repr(raw)}"
        )
