"""The robustness sheet from start to end: change the pairs, register, measure, write down."""

from __future__ import annotations

import datetime
import time
import warnings

import numpy as np

from dirv_tf import metrics
from dirv_tf.io.atomic_write import write_json, write_text
from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.registration import register
from dirv_tf.training.execution.environment import hardware, versions
from experiments.comparison.measurement import shown
from experiments.comparison.robustness.table import markdown, text_line
from experiments.comparison.robustness.variants import VARIANTS, known_pairs
from experiments.comparison.stages import Stages

NETWORK = "best-2d"
SEED = 2024
# The settings of `register` in each column.
COLUMNS = {"network": {"model": NETWORK}, "fast": {"effort": "fast"}, "default": {"effort": "default"}}


def measure_robustness(
    pairs, folder, variants=VARIANTS, columns=None, report=print, name="robustness", network=NETWORK, page=markdown
) -> dict:
    """Register changed pairs of known deformation.

    Parameters
    ----------
    pairs : Pairs
    folder : str or Path
        Gets the record, ``name`` with .json, and with .md as a table, written anew after every variant.
    variants : sequence of Variant
    columns : dict of dict, optional
        Settings of `register` by column.
    report : callable
        Says a line of text.
    name : str
        Of the files.
    network : str
        The name of the network in the columns.
    page : callable
        From the record to Markdown.

    Returns
    -------
    dict
        The record.
    """
    columns = COLUMNS if columns is None else columns
    folder, rows, known = check_output_folder(folder), [], known_pairs(pairs)
    stages = Stages([1.0] * len(variants), report)
    for number, variant in enumerate(variants):
        stages.begin(variant.name)
        changed = [
            variant.change(pair, np.random.default_rng([SEED, number, index])) for index, pair in enumerate(known)
        ]
        row = {"name": variant.name, "initial_px": round(_mean_length(changed), 3), "columns": {}}
        for count, (column, settings) in enumerate(columns.items()):
            row["columns"][column] = _measured(changed, settings)
            stages.share(count + 1, len(columns))
        rows.append(row)
        report(text_line(row))
        result = {
            "pairs": len(known), "size": list(pairs.fixed.shape[1:3]), "network": network, "seed": SEED,
            "variants": rows, "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "versions": versions(), "hardware": hardware(),
        }
        write_json(folder / f"{name}.json", result)
        write_text(folder / f"{name}.md", page(result))
    report(f"Written: {folder}/{name}.md and {name}.json")
    return result


def _mean_length(pairs):
    return float(np.mean([np.linalg.norm(pair.flow_field, axis=-1).mean() for pair in pairs]))


def _measured(pairs, settings):
    """Share of all pairs' endpoint error that is removed, folds, and processor time.

    Only pixels count whose content the moving image shows: elsewhere there is nothing to find.
    """
    before, after, folded, cpu_seconds = [], [], [], []
    for pair in pairs:
        begun = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            field = register(pair.fixed, pair.moving, **settings).flow_field
        cpu_seconds.append(time.process_time() - begun)
        seen = shown(pair.flow_field, pair.moving.shape)
        before.append(np.linalg.norm(pair.flow_field, axis=-1)[seen].mean())
        after.append(np.linalg.norm(field - pair.flow_field, axis=-1)[seen].mean())
        folded.append(float(metrics.folded_percent(field[np.newaxis])[0]))
    return {
        "removed_percent": round(100 * (1 - float(np.sum(after) / np.sum(before))), 2),
        "worst_pair_px": round(float(np.max(after)), 3),
        "folded_percent": round(float(np.mean(folded)), 4),
        "cpu_seconds": round(float(np.median(cpu_seconds)), 3),
    }
