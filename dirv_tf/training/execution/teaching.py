"""Lets a teacher find the fields of a run's pairs, before the training."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from dirv_tf.datasets import TaughtPairs
from dirv_tf.io.folder_lock import folder_lock
from dirv_tf.registration import choose_model, register
from dirv_tf.training.config.config_sections import read_section
from dirv_tf.training.config.run_config import RunConfig
from dirv_tf.training.execution.building import testing_pairs, training_pairs
from dirv_tf.training.execution.progress import duration
from dirv_tf.training.execution.teacher_store import TeacherStore
from dirv_tf.validation import ConfigError
from dirv_tf.worker_processes import Died, each_in_processes

# How often it is said how far the teacher is.
_SECONDS_BETWEEN = 10.0


class _Task(NamedTuple):
    """The batch whose fields are to be found; the settings of the run as JSON."""

    settings: str
    part: str
    epoch: int
    batch: int


def find_teacher_fields(config: RunConfig, pairs: Any, testing: Any, report: Callable[[str], None] = print) -> None:
    """Find the fields of a run's teacher that are not there yet, and write them.

    Parameters
    ----------
    config : RunConfig
        Without a teacher nothing happens.
    pairs, testing : PairBatches
        As `training_pairs` and `testing_pairs` return them.
    report : callable
        Says a line of text.

    Raises
    ------
    ConfigError
        If the teacher does not exist or finds no field for a pair, the folder is for other fields, or another process
        is at work in it.
    OSError
        If the folder cannot be written; what is found stays.
    ChildProcessError
        If one of several processes ends before its time.
    """
    teacher = config.training.teacher
    if teacher is None:
        return
    _network(teacher.model, config.rank)
    for part, given, epochs in (("train", pairs, config.training.epochs), ("test", testing, 0)):
        if not isinstance(given, TaughtPairs):
            continue
        store = TeacherStore(config, part)
        with _alone(store):
            store.begin(given.pairs)
            drawn = given.drawn_batches(epochs)
            wanted = {place: _numbers(given, place[1]) for place in drawn}
            missing = {place: len(store.missing(place[0], numbers)) for place, numbers in wanted.items()}
            total, left = sum(map(len, wanted.values())), sum(missing.values())
            report(
                f"Teacher ({teacher.description()}): {total:,} fields of pairs to {part} with, {total - left:,} of "
                f"them found before, in {store.folder}"
            )
            _find(config, part, [place for place, count in missing.items() if count], left, report)


def teach_batch(task: _Task) -> tuple[int, str | None]:
    """Find and write the fields of a batch that are not there; a function of processes of its own.

    Parameters
    ----------
    task : _Task

    Returns
    -------
    tuple of (int, str or None)
        How many fields were found, and what was wrong with the pair after them.
    """
    config, pairs = _pairs_of(task.settings, task.part)
    teacher, store = config.training.teacher, TeacherStore(config, task.part)
    network, done = _network(teacher.model, config.rank), 0
    numbers, fixed, moving = pairs.untaught_batch(task.epoch, task.batch)
    missing = set(store.missing(task.epoch, numbers))
    for number, one, other in zip(numbers.tolist(), fixed[..., 0], moving[..., 0]):
        if number in missing:
            try:
                found = register(one, other, model=network, **teacher.options)
            except ValueError as error:
                return done, f"pair {number} of epoch {task.epoch} to {task.part} with: {error}"
            store.write(task.epoch, number, found.flow_field)
            done += 1
    return done, None


def _find(config, part, places, total, report):
    """Carry out the batches, and say how far they are."""
    settings = json.dumps(config.as_mapping(), sort_keys=True)
    tasks = [_Task(settings, part, *place) for place in places]
    begun = said = time.monotonic()
    found = 0
    with contextlib.closing(_outcomes(tasks, config.training.teacher.processes)) as outcomes:
        for done, problem in outcomes:
            if problem:
                raise ConfigError(f"'training.teacher' must find a field of every pair. Received: {problem}")
            found += done
            now = time.monotonic()
            if now - said >= _SECONDS_BETWEEN and found < total:
                said, gone = now, now - begun
                left = duration(gone / found * (total - found))
                report(f"  {found:,} of {total:,} fields, {duration(gone)} gone, {left} left")
    if total:
        report(f"  {found:,} fields in {duration(time.monotonic() - begun)}")


def _outcomes(tasks, processes) -> Iterator[tuple[int, str | None]]:
    if processes == 1 or len(tasks) < 2:
        yield from map(teach_batch, tasks)
        return
    with contextlib.closing(each_in_processes(f"{__name__}:teach_batch", tasks, processes)) as outcomes:
        for index, outcome in outcomes:
            if isinstance(outcome, Died):
                task = tasks[index]
                raise ChildProcessError(
                    f"The teacher's process for batch {task.batch} of epoch {task.epoch}: {outcome.reason}; the same "
                    "command goes on"
                )
            yield outcome


@functools.lru_cache(maxsize=2)
def _pairs_of(settings, part):
    config = read_section(RunConfig, json.loads(settings), "the run")
    return config, (training_pairs if part == "train" else testing_pairs)(config)


@functools.lru_cache(maxsize=1)
def _network(model, rank):
    """Return the teacher's network; None where `register` chooses."""
    if model is None:
        return None
    try:
        return choose_model(model, rank)[0]
    except (OSError, ValueError) as error:
        raise ConfigError(f"'training.teacher.model': {error}") from error


def _numbers(pairs, batch):
    first = batch * pairs.batch_size
    return range(first, min(first + pairs.batch_size, pairs.count))


@contextlib.contextmanager
def _alone(store):
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(folder_lock(store.folder))
        except BlockingIOError as error:
            raise ConfigError(
                f"Expected a folder that no other process is at work in. Received: {store.folder}, where a teacher's "
                "fields are being found; wait for it"
            ) from error
        yield
