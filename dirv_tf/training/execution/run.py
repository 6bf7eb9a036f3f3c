"""One run from start to end: build, say how long it will take, train, test, record."""

from __future__ import annotations

import contextlib
import datetime
import json
import time

from dirv_tf.io.output_paths import check_output_folder
from dirv_tf.models.weight_files import save_weights_file
from dirv_tf.resource_errors import disk_errors_name, memory_for
from dirv_tf.training.execution.annotations import check_annotations
from dirv_tf.training.execution.building import build_model, testing_pairs, training_pairs, validation_pairs
from dirv_tf.training.execution.distribution import start_distribution
from dirv_tf.training.execution.environment import hardware, versions
from dirv_tf.training.execution.interruption import StepGuard, stop_on_signals
from dirv_tf.training.execution.plan import plan
from dirv_tf.training.execution.progress import Progress
from dirv_tf.training.execution.results import results_lines, test_row, write_results
from dirv_tf.training.execution.shared_batches import check_agreement, check_shares
from dirv_tf.training.execution.staged_training import StagedTraining
from dirv_tf.training.execution.starting_weights import starting_weights
from dirv_tf.training.execution.teaching import find_teacher_fields
from dirv_tf.training.execution.weights_card import weights_card
from dirv_tf.training.execution.worker_cluster import cluster_of
from dirv_tf.training.execution.worker_loss import others_may_end, waiting_for_others
from dirv_tf.validation import ConfigError


def execute(config, folder, tensorboard=True, report=print, build=build_model):
    """Carry out a run, or the rest of a run that was stopped.

    Of several workers each calls it; the first one, the chief, reads and writes the files of the run.

    Parameters
    ----------
    config : RunConfig
    folder : RunFolder
        A checkpoint in it is where the run goes on. Other workers than the chief do not touch it.
    tensorboard : bool
        Whether to write TensorBoard logs and pictures.
    report : callable
        Says a line of text.
    build : callable
        Makes the network of a configuration: `building.build_model`, or an experiment's own variant of it.

    Returns
    -------
    dict
        Test metrics by name.

    Raises
    ------
    TrainingInterrupted
        When Ctrl-C or SIGTERM asked to stop; the last checkpoint is whole.
    TrainingDiverged
        When the loss became NaN or infinite.
    WorkerLost
        When another worker of the training has ended; the last checkpoint is whole.
    ConfigError
        When the images or weights that the run names are not there, cannot be used, or are not those that a stopped
        run began with, another process carries out the same run, or the run cannot be shared among its devices or
        workers; nothing is written then.
    CheckpointError
        When the folder's checkpoint is damaged or of another network.
    OSError
        When the folder cannot be written, before anything else, or its disk becomes full; the last checkpoint is whole.
    MemoryError
        When a step needs more memory than there is, as far as that can be caught.
    """
    settings = config.training.distribution
    cluster = cluster_of(settings)
    is_chief = cluster is None or cluster.is_chief
    if is_chief:
        check_output_folder(folder.path)
    with waiting_for_others(cluster, getattr(settings, "patience", 0)) as patience:
        distribution = start_distribution(settings, cluster, patience)
        say = report if is_chief else _say_nothing
        return _carried_out(config, folder, tensorboard and is_chief, say, build, distribution)


def _carried_out(config, folder, tensorboard, report, build, distribution):
    pairs, testing = training_pairs(config), testing_pairs(config)
    check_annotations(config, pairs, testing)
    unseen = validation_pairs(config, testing)
    check_shares(config, distribution.replicas, pairs, testing, unseen)
    files = _files(folder, pairs, testing, distribution.is_chief)
    # A stopped run has its weights in the checkpoint; other workers get those of the chief.
    is_begun = folder.checkpoint.is_file() or not distribution.is_chief
    start = None if is_begun else starting_weights(config)
    reference = config.as_mapping().get("reference")
    found = {"versions": versions(), "hardware": hardware()}
    for line in plan(config, folder, pairs, testing, found, start, distribution):
        report(line)
    find_teacher_fields(config, pairs, testing, report)
    with stop_on_signals(report) as request, contextlib.ExitStack() as stack:
        with others_may_end(distribution.cluster, request):
            check_agreement(config, files, distribution)
        if distribution.is_chief:
            stack.enter_context(folder.in_use())
            record = {**found, **files, **distribution.record(config.training.distribution.kind)}
            stack.enter_context(_recorded(folder, config, record))
        stack.enter_context(_named(folder, config))
        stack.enter_context(others_may_end(distribution.cluster, request))
        stack.enter_context(distribution.strategy.scope())
        model = build(config)
        if start:
            start.give_to(model)
            folder.write_record(started_from=start.record())
        training = StagedTraining(model, config, folder, pairs, testing, unseen, distribution)
        if training.first_epoch:
            report(f"Going on after epoch {training.first_epoch} of {config.training.epochs}.")
        monitor = _monitor(config, folder, pairs) if tensorboard else None
        if training.remaining:
            training.train(request, monitor, training.say_expected_time(request, report))
        measured, seconds = _test(model, testing, request, distribution)
        if monitor:
            monitor.write_test(measured, config.training.epochs)
        row = test_row(config, testing.count, measured, reference, seconds)
        if distribution.is_chief:
            # With the results the run is finished, and nobody comes to remove what is left.
            folder.free_reserve()
            save_weights_file(model, folder.path, weights_card(config, measured, reference, found))
            write_results(folder, row, measured, reference)
        # The chief's end would be an error of the others.
        distribution.wait_for_all()
    for line in results_lines(config, testing.count, measured, reference):
        report(line)
    report(f"Everything is in {folder.path}")
    return measured


def _say_nothing(line):
    pass


def _files(folder, pairs, testing, is_chief):
    """Return the record's entry of the files that are read; empty where all images are synthetic."""
    lists = {"train": getattr(pairs, "files", None), "test": getattr(testing, "files", None)}
    if lists["train"] is None:
        return {}
    lists = {part: json.loads(json.dumps(files, default=str)) for part, files in lists.items()}
    if is_chief and folder.read_record().get("files", lists) != lists:
        raise ConfigError(
            f"Expected the image files that the run began with, which {folder.record} lists; files have come, gone or "
            f"changed their names since. Received: {len(lists['train'])} to train and {len(lists['test'])} to test with"
        )
    return {"files": lists}


def _monitor(config, folder, pairs):
    # Pictures need Matplotlib, which nothing else here does.
    from dirv_tf.training.monitoring import TensorBoardMonitor

    return TensorBoardMonitor(folder.tensorboard, pairs.frozen_batch(), run_config=config.as_mapping())


def _test(model, testing, request, distribution):
    begun = time.monotonic()
    callbacks = [StepGuard(request), *distribution.callbacks]
    if distribution.is_chief:
        callbacks.append(Progress(test_steps=testing.steps_per_epoch))
    batches, steps = distribution.evaluation(testing)
    measured = model.evaluate(batches, steps=steps, return_dict=True, callbacks=callbacks, verbose=0)
    return {name: float(value) for name, value in measured.items()}, time.monotonic() - begun


@contextlib.contextmanager
def _named(folder, config):
    """Say in errors of the disk where it is, and in those of memory what needs it."""
    training, size = config.training, " x ".join(map(str, config.data.size))
    what = f"steps of {training.batch_size} pairs of {size} pixels"
    advice = "--set training.batch_size=… or training.checkpoint_units=true needs less"
    with disk_errors_name(folder.tensorboard), memory_for(what, advice):
        yield


@contextlib.contextmanager
def _recorded(folder, config, found):
    begun = time.monotonic()
    folder.write_config(config)
    if not folder.record.is_file():
        folder.write_record(run=config.name, preset=config.preset, started=_now())
    folder.write_record(seeds=config.as_mapping()["seeds"], parameters=config.parameters, **_stages(config), **found)
    folder.write_record(state="running")
    try:
        yield
    except BaseException as error:
        state = f"stopped by {type(error).__name__}"
        folder.free_reserve()
        # What stopped the run is to be said, not what came of it.
        with contextlib.suppress(OSError):
            folder.add_part(state, _now(), time.monotonic() - begun)
        raise
    folder.add_part("finished", _now(), time.monotonic() - begun)


def _stages(config):
    """Return the record's entry of what is trained in which epochs; empty for a training in one part."""
    stages = [
        {
            "stage": each.name,
            "epochs": [each.first_epoch + 1, each.last_epoch],
            **({} if each.steps is None else {"steps": each.steps}),
        }
        for each in config.stages
    ]
    return {"stages": stages} if len(stages) > 1 else {}


def _now():
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
