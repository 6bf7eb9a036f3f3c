"""The measurement from start to end: fields with and without holes, masks, record, table."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.models import read_card
from dirv_tf.registration.networks.model_choice import model_path
from dirv_tf.training.execution.environment import hardware, versions
from experiments.counterpart.measures import GOAL, RING, endpoint_error, mask_scores, moved
from experiments.counterpart.methods import methods
from experiments.counterpart.pair_sets import SEED, hole_pairs
from experiments.counterpart.table import markdown, text_lines

RECORD = "counterpart.json"


def measure_counterpart(
    folder: str | Path, model: str, pairs: int, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Register every set by every method, with and without holes, and write record and table.

    Parameters
    ----------
    folder : str or Path
    model : str
        Network of the kind counterpart.
    pairs : int
        Of every set.
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
    record: dict[str, Any] = {
        "model": card["run"], "sha256": card["sha256"], "start_from": card["training"].get("start_from"),
        "seed": SEED, "pairs": pairs, "ring_px": RING, "goal_px": GOAL, "sets": [], "versions": versions(),
        "hardware": hardware(),
    }
    ways = methods(model)
    for each in hole_pairs(pairs):
        rows = []
        for method in ways:
            begun = time.process_time()
            fields, _ = _registered(method, each.fixed, each.moving)
            row: dict[str, Any] = {"method": method.name, "what": method.what}
            row["endpoint_error"] = endpoint_error(fields, each.flow_field)
            row["holes"] = {}
            for name, (fixed, holes) in each.holes.items():
                with_hole, masks = _registered(method, fixed, each.moving)
                row["holes"][name] = moved(fields, with_hole, holes)
                if masks is not None:
                    row["holes"][name].update(mask_scores(masks, holes))
            rows.append(row)
            report(f"{each.name}, {method.name}: {time.process_time() - begun:.0f} s of processor time")
        covered = {name: float((holes > 0.5).mean()) for name, (_, holes) in each.holes.items()}
        length = endpoint_error(0 * each.flow_field, each.flow_field)
        record["sets"].append(
            {"name": each.name, "what": each.what, "length_px": length, "covered": covered, "methods": rows}
        )
        record["date"] = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        write_json(folder / RECORD, record)
        write_text(folder / RECORD.replace(".json", ".md"), markdown(record))
    for line in text_lines(record):
        report(line)
    return record


def _registered(method, fixed, moving):
    """Return fields (N, n_1, n_2, 2) and masks (N, n_1, n_2), or None where the method gives none."""
    found = [method.register(*pair) for pair in zip(fixed, moving)]
    masks = [mask for _, mask in found]
    return np.stack([field for field, _ in found]), None if masks[0] is None else np.stack(masks)
