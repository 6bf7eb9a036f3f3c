"""Writes configuration.md, every key that a run file may have, from the settings classes."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from pathlib import Path

from dirv_tf.models.registry import SettingsByKind
from dirv_tf.training.config.common_data_settings import AppearanceSettings, LesionSettings
from dirv_tf.training.config.data_settings import DATA_KINDS
from dirv_tf.training.config.distribution_settings import DISTRIBUTIONS
from dirv_tf.training.config.loss_terms import TERM_KINDS
from dirv_tf.training.config.pairs_settings import AugmentationSettings
from dirv_tf.training.config.run_config import (
    EvaluationSettings,
    ReferenceSettings,
    SeedSettings,
    TrainingSettings,
)
from dirv_tf.training.config.teacher_settings import TeacherSettings
from dirv_tf.training.config.training_stages import StageSettings

PAGE = Path(__file__).with_name("configuration.md")
INTRODUCTION = """\
# Configuration reference

Every key that a run file may have, with what is legal and the default; written from the settings classes by
`python docs/write_configuration.py`. [Runs](runs.md) shows a whole file. At the top of a file stand `name`,
`description` and `presets`, a mapping of names to settings that are laid over the others; the sections are the headings
below. On the command line a setting is named with dots: `--set training.epochs=3`.
"""
SINGLE = {
    "data.augmentation": AugmentationSettings,
    "data.appearance": AppearanceSettings,
    "data.lesions": LesionSettings,
    "training": TrainingSettings,
    "training.stages": StageSettings,
    "training.teacher": TeacherSettings,
    "seeds": SeedSettings,
    "evaluation": EvaluationSettings,
    "reference": ReferenceSettings,
}


def page() -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION]
    for name, kinds in (("model", SettingsByKind()), ("data", DATA_KINDS)):
        for number, (kind, settings) in enumerate(kinds.items()):
            default = ", the default" if number == 0 else ""
            parts.append(_section(f"`{name}` of kind `{kind}`{default}", settings))
    for name, settings in SINGLE.items():
        parts.append(_section(f"`{name}`", settings))
        if name == "training":
            kinds = DISTRIBUTIONS.items()
            parts += [_section(f"`training.distribution` of kind `{kind}`", each) for kind, each in kinds]
    parts += [_section(f"`training.terms` of kind `{kind}`", settings) for kind, settings in TERM_KINDS.items()]
    return "\n".join(parts)


def _section(title, settings):
    rows = ["| key | legal | default |", "|---|---|---|"]
    for field in dataclasses.fields(settings):
        rows.append(f"| `{field.name}` | {_legal(field.metadata)} | {_default(field)} |")
    return f"## {title}\n\n{_prose(settings)}\n\n" + "\n".join(rows) + "\n"


def _legal(metadata):
    if "list_of" in metadata:
        return "a list of mappings, see below"
    if {"kinds", "section"} & set(metadata):
        return "a section, see below"
    if "list_of_kinds" in metadata:
        return "a list of sections of kind " + ", ".join(metadata["list_of_kinds"])
    return metadata["check"].legal


def _prose(settings):
    # Single backticks are a role in docstrings, and plain code in Markdown; line breaks are those of the source.
    paragraphs = re.sub(r"``(.*?)``", r"`\1`", inspect.getdoc(settings) or "").split("\n\nAttributes\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs.split("\n\n"))


def _default(field):
    if field.default is dataclasses.MISSING:
        return "must be set"
    if field.default is None:
        return "none"
    if "kinds" in field.metadata:
        return f"that of kind `{field.default.kind}`"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(int(PAGE.read_text(encoding="utf-8") != page()))
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Written: {PAGE.name}")
