"""Registration of many pairs: `register_pairs`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from dirv_tf.models import RegistrationNetwork
from dirv_tf.registration.pairs.cluster import check_client, each_on_cluster
from dirv_tf.registration.pairs.one_pair import PairTask, failed_row, register_pair
from dirv_tf.registration.pairs.pair_files import read_pairs
from dirv_tf.registration.pairs.pair_options import checked_field_format, checked_options, settings_of
from dirv_tf.registration.pairs.pair_row import PairRow
from dirv_tf.registration.pairs.pairs_folder import PairsFolder
from dirv_tf.registration.pairs.pairs_page import write_page
from dirv_tf.validation import integer
from dirv_tf.worker_processes import Died, each_in_processes

# How many times longer than its writing the table is left as it is; the records of the pairs are there at once.
_PAUSE = 20


def register_pairs(
    pairs: str | os.PathLike[str] | Sequence[Mapping[str, Any] | tuple[Any, Any]],
    output: str | os.PathLike[str],
    *,
    resume: bool = False,
    overwrite: bool = False,
    shard: str | tuple[int, int] | None = None,
    processes: int = 1,
    client: Any = None,
    field_format: str | None = None,
    progress: Callable[[int, int, PairRow | None], None] | None = None,
    **options: Any,
) -> list[PairRow]:
    """Register many pairs, and write the results of each, one table and one page.

    A pair that fails, for want of a file perhaps, does not stop the others. What is finished is never lost, whatever
    ends the call: `resume` goes on.

    Parameters
    ----------
    pairs : str, path, or sequence of mappings or of pairs (fixed, moving)
        A CSV table with the columns "fixed" and "moving", and as needed "name", "fixed_landmarks" and
        "moving_landmarks", "exclude" (names of landmarks that do not count, parted by spaces), "fixed_labels" and
        "moving_labels", "fixed_mask" and "moving_mask" (images; what is not 0 counts). Commas, semicolons or tabs
        separate; paths are relative to the table's folder. Or the same as a sequence, with paths relative to the
        working folder. Pairs without a name are called 0001, 0002, ... by their place in the list.
    output : str or path
        Folder for the results: per pair a folder of its name with what `RegistrationResult.save` writes, and
        `evaluation.json` where there are landmarks or labels; `pairs.csv` with a row per pair; `index.html`, a page to
        look over all pairs, the worst first; `settings.json`.
    resume : bool
        Go on with what is in `output`: pairs that are done are skipped, failed ones tried again.
    overwrite : bool
        Replace what is in `output`.
    shard : str or pair of int, optional
        "3/10" or (3, 10): every 10th pair, from the third on; for arrays of jobs, which may all write into `output` at
        the same time, on several machines that share it.
    processes : int
        How many pairs are registered at a time. With more than one, each has a process of its own, which gets its share
        of the cores, and whose end costs that pair alone.
    client : dask.distributed.Client or executor, optional
        Registers the pairs on the workers of a cluster, in place of `processes`: anything with ``submit`` whose futures
        have `add_done_callback`, those of `concurrent.futures` too. The workers need this package, and must see the
        files and `output` under the same paths. A pair whose worker died is given to another one.
    field_format : {"npz", "nii.gz", "nii", "mha", "nrrd"}, optional
        As of `RegistrationResult.save`.
    progress : callable, optional
        Called with the number of pairs that are finished, of all pairs to be registered, and the row of the last one;
        at the beginning with None as the row.
    **options
        As of `register`, for all pairs: `model`, `align`, `similarity`, `effort`, `optimize`, `refine`, `normalize`,
        ...

    Returns
    -------
    list of PairRow
        Of the pairs of this shard, in the order of the list; those that were done before too. A pair that another
        process is at work on is left to it, and not among them.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        For a table that is malformed, an option that is not legal, or another one than the results in `output` were
        made with. Nothing is registered then.
    FileExistsError
        When `output` is not empty and neither `resume` nor `overwrite` is said, or it holds something else.
    OSError
        When `output` cannot be written: before the first pair, or as its disk becomes full. What is finished stays.
    TypeError
        For an option that `register` does not have, or a client that submits nothing.
    RuntimeError
        When the processes do not start, or the client gives up.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import dirv_tf
    >>> folder = tempfile.mkdtemp()
    >>> image = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    >>> dirv_tf.io.write_image(f"{folder}/a.png", image)
    >>> rows = dirv_tf.register_pairs(
    ...     [
    ...         {"name": "same", "fixed": f"{folder}/a.png", "moving": f"{folder}/a.png"},
    ...         {"name": "lost", "fixed": f"{folder}/a.png", "moving": f"{folder}/b.png"},
    ...     ],
    ...     f"{folder}/results",
    ...     effort="fast",
    ... )
    >>> [(row.name, row.status) for row in rows]
    [('same', 'done'), ('lost', 'failed')]
    >>> round(rows[0].similarity_after, 3)
    1.0
    """
    if resume and overwrite:
        raise ValueError("Expected one of resume and overwrite, not both. Received: resume=True, overwrite=True")
    integer(1)("processes", processes)
    if client is not None:
        check_client(client)
        if processes > 1:
            raise ValueError(f"Expected a client or processes, not both. Received: processes={processes} and a client")
    complete = checked_options(options)
    field_format = checked_field_format(field_format)
    if (processes > 1 or client is not None) and isinstance(complete["model"], RegistrationNetwork):
        raise ValueError(
            "Expected the name or the path of a model where there are several processes; write it with "
            "dirv_tf.models.weight_files.save_weights_file. Received: "
            f"{f'processes={processes}' if client is None else 'a client'} and a network"
        )
    everything = read_pairs(pairs)
    part, parts = parsed_shard(shard) if shard is not None else (1, 1)
    own = everything[part - 1 :: parts]
    folder = PairsFolder(output, settings_of(complete, field_format))
    folder.claim([files.name for files in own], shard is not None, resume, overwrite)
    order = [files.name for files in everything]
    rows = {files.name: row for files in own if (row := folder.row(files.name)) is not None and row.is_done}
    _check_same_files(rows, own, folder)
    tasks = [
        PairTask(files, folder, complete, field_format, keep=not overwrite) for files in own if files.name not in rows
    ]
    tell = progress or (lambda finished, total, row: None)
    tell(0, len(tasks), None)
    due = 0.0
    outcomes = contextlib.closing(_each(tasks, processes, client))
    with folder.in_use(), _written_at_the_end(folder, order), outcomes as each:
        for finished, row in enumerate(each, 1):
            if row is not None:
                rows[row.name] = row
                folder.write_row(row)
                due = _table_written(folder, order, due)
            tell(finished, len(tasks), row)
    return [rows[files.name] for files in own if files.name in rows]


def parsed_shard(shard: str | tuple[int, int]) -> tuple[int, int]:
    """Return which part of how many parts is meant.

    Parameters
    ----------
    shard : str or pair of int
        "3/10" or (3, 10).

    Returns
    -------
    pair of int

    Raises
    ------
    ValueError
        If it is no such pair, or the part is not from 1 to the number of parts.
    """
    numbers = shard.split("/") if isinstance(shard, str) else shard
    try:
        part, parts = (int(number) for number in numbers)
    except (TypeError, ValueError):
        part = parts = 0
    if not 1 <= part <= parts:
        raise ValueError(
            f'`shard` must be a part of how many parts, from "1/10" to "10/10" for ten. Received: shard={shard!r}'
        )
    return part, parts


def _each(tasks, processes, client) -> Generator[PairRow | None, None, None]:
    """Carry out the tasks; their rows as they come."""
    if client is not None:
        yield from each_on_cluster(tasks, client)
        return
    if processes == 1:
        yield from map(register_pair, tasks)
        return
    target = f"{register_pair.__module__}:{register_pair.__name__}"
    with contextlib.closing(each_in_processes(target, tasks, processes)) as outcomes:
        for index, outcome in outcomes:
            if isinstance(outcome, Died):
                task = tasks[index]
                task.folder.remove_results(task.files.name)
                outcome = failed_row(task.files, outcome.reason)
            yield outcome


@contextlib.contextmanager
def _written_at_the_end(folder, order):
    """Write the table and the page, however the block ends."""
    try:
        yield
    except BaseException:
        # What ended the block is to be said; on a full disk, both files fail too, and the next call makes them.
        with contextlib.suppress(OSError):
            folder.write_table(order)
            write_page(folder, order)
        raise
    folder.write_table(order)
    write_page(folder, order)


def _table_written(folder, order, due):
    """Write the table if it is due; when it will be so again: of thousands of pairs it takes a while to write."""
    start = time.monotonic()
    if start < due:
        return due
    folder.write_table(order)
    return start + _PAUSE * (time.monotonic() - start)


def _check_same_files(rows, own, folder):
    for files in own:
        row, cells = rows.get(files.name), files.cells()
        differing = [] if row is None else [name for name in cells if getattr(row, name) != cells[name]]
        if differing:
            name = differing[0]
            raise ValueError(
                f"Expected the files that {files.name!r} was registered from in {folder.path}; give the pair another "
                f"name, or overwrite. Received: {name}={cells[name]!r} instead of {getattr(row, name)!r}"
            )
