"""The measurement from start to end: fields, predictions, record, picture."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.figures import save_figure
from dirv_tf.io.array_archives import read_arrays, write_arrays
from dirv_tf.io.atomic_write import atomic_path, write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.models import read_card
from dirv_tf.registration import uncertainty
from dirv_tf.registration.networks.model_choice import model_path
from dirv_tf.training.execution.environment import hardware, versions
from experiments.uncertainty.histology import measure_histology
from experiments.uncertainty.measures import flat_measures, measures
from experiments.uncertainty.methods import METHODS
from experiments.uncertainty.pair_sets import SEED, known_pairs
from experiments.uncertainty.picture import calibration_figure
from experiments.uncertainty.table import markdown, text_lines

RECORD, PICTURE = "uncertainty.json", "calibration.png"


def measure_uncertainty(
    folder: str | Path, model: str, pairs: int, histology: int, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Judge fields of every method on every set, and write record, table and picture.

    Parameters
    ----------
    folder : str or Path
        Keeps the fields too, for another network to judge.
    model : str
        Network of uncertainty.
    pairs : int
        Of every set whose fields are known.
    histology : int
        Pairs of sections with landmarks; 0 leaves them out.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    folder = check_output_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    card = read_card(model_path(model))
    # Of networks, unfinished fields too.
    learned_from = {name.partition(":")[0] for name in card["training"]["given_fields"]}
    record: dict[str, Any] = {
        "model": Path(model).name, "loss": card["training"]["loss"], "warp_moving": card["model"].get("warp_moving"),
        "sha256": card["sha256"], "seed": SEED, "pairs": pairs, "sets": [], "versions": versions(),
        "hardware": hardware(),
    }
    for each in known_pairs(pairs):
        rows = []
        for method in METHODS:
            begun = time.process_time()
            fields = _fields(method, each, folder / "fields")
            errors, deviations = fields - each.flow_field, _judged(fields, each, model)
            row = {"method": method.name, "what": method.what, "in_training": method.name in learned_from}
            row.update(measures(errors, deviations))
            if each.flat is not None:
                row["parts"] = flat_measures(errors, deviations, each.flat)
            rows.append(row)
            report(f"{each.name}, {method.name}: {time.process_time() - begun:.0f} s of processor time")
        record["sets"].append({"name": each.name, "what": each.what, "pairs": pairs, "methods": rows})
        _write(folder, record)
    if histology:
        record["histology"] = measure_histology(histology, model, folder / "histology", report)
        _write(folder, record)
    save_figure(calibration_figure(record), folder / PICTURE)
    for line in text_lines(record):
        report(line)
    return record


def _fields(method, pairs, folder):
    """Return the fields of a method, (N, n_1, n_2, 2); those that an earlier measurement found are taken."""
    path = folder / f"{pairs.name}-{method.name}.npz".replace(" ", "_")
    if path.is_file():
        fields = read_arrays(path)["fields"]
        if fields.shape == pairs.flow_field.shape:
            return fields
    fields = np.stack([method.flow_field(*pair) for pair in zip(pairs.fixed[..., 0], pairs.moving[..., 0])])
    folder.mkdir(exist_ok=True)
    with atomic_path(path) as temporary:
        write_arrays(temporary, {"fields": fields})
    return fields


def _judged(fields, pairs, model):
    """Return predicted standard deviations, (N, n_1, n_2, 2); intensities lie in [0, 1] as they are."""
    images = zip(pairs.fixed[..., 0], pairs.moving[..., 0], fields)
    return np.stack([uncertainty(fixed, moving, field, model, normalize="type") for fixed, moving, field in images])


def _write(folder, record):
    record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    write_json(folder / RECORD, record)
    write_text(folder / RECORD.replace(".json", ".md"), markdown(record))
