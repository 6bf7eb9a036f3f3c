"""Registers many pairs on a Dask cluster of this machine, kills a worker on the way, and compares with one process.

``python -m experiments.reliability.dask_cluster --pairs 200`` needs ``pip install 'dirv_tf[dask]'``. Not for Windows.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from dirv_tf.cli.command_line import exit_status, prepare_process
from experiments.arguments import add_output, at_least, say

RECORD_NAME = "dask.json"
SIDE = 48
WORKERS = 2


def main(arguments=None):
    """Read the command line and register.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of this process.

    Returns
    -------
    int
        Exit status: 0 every pair was registered once and as by one process, 1 not so.
    """
    prepare_process()
    options = _parser().parse_args(arguments)
    record = compare_with_one_process(options.pairs, options.output, say)
    return 0 if not record["faults"] else 1


def compare_with_one_process(pairs, output, report=print):
    """Register pairs by one process and on the cluster, and write the record.

    Parameters
    ----------
    pairs : int
    output : str or Path
        Folder of the record, `dask.json`.
    report : callable
        Says a line of text.

    Returns
    -------
    dict
        The record.
    """
    import distributed

    from dirv_tf.io.atomic_write import write_json
    from dirv_tf.io.output_paths import check_output_folder
    from dirv_tf.registration import register_pairs
    from dirv_tf.training.execution.environment import hardware, versions

    output = check_output_folder(output)
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        table = write_pairs(place / "inputs", pairs)
        begun = time.perf_counter()
        rows = register_pairs(table, place / "one", effort="fast")
        seconds = time.perf_counter() - begun
        report(f"one process: {len(rows)} pairs in {seconds:.0f} s")
        with distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(place)
        ) as cluster, distributed.Client(cluster) as client:
            # Importing TensorFlow is not what is compared.
            client.run(_import_package)
            killing = Killing(client, place / "cluster", at=max(1, pairs // 3))
            begun = time.perf_counter()
            found = register_pairs(table, place / "cluster", client=client, progress=killing, effort="fast")
            cluster_seconds = time.perf_counter() - begun
        faults = killing.faults([row.name for row in rows])
        difference, others = differences(rows, found, place)
        faults += others
    record = {
        "pairs": pairs,
        "size": [SIDE, SIDE],
        "workers": WORKERS,
        "killed": killing.killed,
        "killed_after": killing.at,
        "done": sum(row.is_done for row in found),
        "largest_difference": difference,
        "faults": faults,
        "seconds_one_process": round(seconds, 1),
        "seconds_cluster": round(cluster_seconds, 1),
        "distributed": distributed.__version__,
        "versions": versions(),
        "hardware": hardware(),
    }
    write_json(output / RECORD_NAME, record)
    report(f"cluster: {record['done']} pairs in {cluster_seconds:.0f} s, largest difference {difference:g}")
    report("\n".join([*faults, f"{len(faults)} faults. Written: {output / RECORD_NAME}"]))
    return record


class Killing:
    """The progress of a call, which kills one worker on the way and watches that no pair is done again.

    Parameters
    ----------
    client : distributed.Client
    folder : Path
        Of the results.
    at : int
        How many pairs are finished when a worker is killed.
    """

    def __init__(self, client, folder, at):
        self.client, self.folder, self.at = client, folder, at
        self.killed, self._written = 0, []

    def __call__(self, finished, total, row):
        if row is not None:
            self._written.append((row.name, self._stamp(row.name)))
        if finished == self.at and not self.killed:
            os.kill(next(iter(self.client.run(os.getpid).values())), signal.SIGKILL)
            self.killed = 1

    def faults(self, names):
        """Return the pairs that were not told once, and those that were written again after they were told."""
        told = [name for name, _ in self._written]
        wrong = [f"{name} was told {told.count(name)} times" for name in names if told.count(name) != 1]
        return wrong + [f"{name} was done again" for name, stamp in self._written if self._stamp(name) != stamp]

    def _stamp(self, name):
        return (self.folder / name / "metrics.json").stat().st_mtime_ns


def differences(expected, found, place):
    """Return the largest difference of two fields, in pixels, and what else is not the same.

    Parameters
    ----------
    expected, found : list of PairRow
    place : Path
        With the results in "one" and "cluster".
    """
    import dataclasses

    import numpy as np

    from dirv_tf.io import read_flow_field

    largest, faults = 0.0, []
    if [row.name for row in expected] != [row.name for row in found]:
        faults.append("the pairs have another order, or some are missing")
    for one, other in zip(expected, found):
        if not other.is_done:
            faults.append(f"{other.name} failed: {other.reason}")
            continue
        fields = [read_flow_field(place / name / one.name / "flow_field.npz").flow_field for name in ("one", "cluster")]
        largest = max(largest, float(np.abs(fields[0] - fields[1]).max()))
        if not _close(dataclasses.asdict(one), dataclasses.asdict(other)):
            faults.append(f"{one.name} has another row")
    files = [sorted(str(path.relative_to(place / name)) for path in (place / name).rglob("*")) for name in
             ("one", "cluster")]
    if files[0] != files[1]:
        faults.append(f"other files: {sorted(set(files[0]) ^ set(files[1]))}")
    tables = [(place / name / "pairs.csv").read_text(encoding="utf-8").count("\n") for name in ("one", "cluster")]
    if tables[0] != tables[1] or largest > 1e-6:
        faults.append(f"{tables[1]} instead of {tables[0]} lines in the table, fields differ by {largest:g} pixels")
    return largest, faults


def write_pairs(folder: Path, pairs: int) -> Path:
    """Write smooth random images, each with the same image moved, and return the path of their table."""
    import numpy as np

    from dirv_tf.io import write_image
    from experiments.reliability.moved_pairs import moved_pair

    folder.mkdir(parents=True)
    lines = ["fixed,moving"]
    for number in range(pairs):
        for name, image in zip(("fixed", "moving"), moved_pair(number, (SIDE, SIDE))):
            write_image(folder / f"{name}_{number}.png", (255 * image).astype(np.uint8))
        lines.append(f"fixed_{number}.png,moving_{number}.png")
    (folder / "pairs.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder / "pairs.csv"


def _close(one, other):
    """Whether two rows are the same but for their seconds."""
    for name, value in one.items():
        if name == "seconds":
            continue
        if isinstance(value, float):
            if abs(value - other[name]) > 1e-6:
                return False
        elif value != other[name]:
            return False
    return True


def _import_package():
    import dirv_tf.registration.pairs.register_pairs  # noqa: F401


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m experiments.reliability.dask_cluster", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--pairs", type=at_least(6), default=200, help="(%(default)s)")
    add_output(parser, "reliability")
    return parser


if __name__ == "__main__":
    sys.exit(exit_status(main))
