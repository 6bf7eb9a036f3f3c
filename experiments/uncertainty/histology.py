"""Predicted uncertainty at the landmarks of real sections in different stains."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

from dirv_tf.datasets.pair_table import read_pair_table
from dirv_tf.io import match_landmarks, read_landmarks
from dirv_tf.io.landmark_pairs import leave_out
from dirv_tf.registration import load_result
from experiments.uncertainty.measures import measures
from experiments.uncertainty.methods import registered
from experiments.uncertainty.pair_sets import HISTOLOGY


def measure_histology(count: int, network: str, folder: Path, report: Callable[[str], None]) -> dict:
    """Register pairs of sections, and compare the predictions at their landmarks with the errors there.

    Parameters
    ----------
    count : int
        Pairs, evenly spread over the table.
    network : str
        Of uncertainty.
    folder : Path
        Keeps the registrations; those that are there are taken.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
    """
    table = read_pair_table(HISTOLOGY)
    chosen = [table[number] for number in np.linspace(0, len(table) - 1, count).round().astype(int)]
    errors, deviations, rows = [], [], []
    for number, files in enumerate(chosen, start=1):
        begun = time.process_time()
        name = f"{files.fixed.parent.name} {files.fixed.stem} {files.moving.stem}"
        place = folder / name.replace(" ", "_")
        if not place.is_dir():
            registered(files.fixed, files.moving).save(place)
        result = load_result(place, files.fixed, files.moving)
        deviation = result.uncertainty(network)
        landmarks = tuple(read_landmarks(path) for path in (files.fixed_landmarks, files.moving_landmarks))
        pairs = match_landmarks(*leave_out(landmarks, files.exclude))
        points = pairs.fixed_points
        there = points + np.stack([_at(component, points) for component in np.moveaxis(result.flow_field, -1, 0)], -1)
        errors.append(there - pairs.moving_points)
        deviations.append(np.stack([_at(component, points) for component in np.moveaxis(deviation, -1, 0)], -1))
        rows.append({"name": name, "landmarks": len(points), "size": list(result.size)})
        report(f"  histology {number}/{count}: {name}, {time.process_time() - begun:.0f} s of processor time")
    together = measures(np.concatenate(errors), np.concatenate(deviations))
    return {"pairs": rows, **together}


def _at(component, points):
    return ndimage.map_coordinates(component, points.T, order=1, mode="nearest")
