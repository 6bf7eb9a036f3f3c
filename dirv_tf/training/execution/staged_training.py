"""The training of a run, stage by stage: begun, gone on with after a stop, and its time said before."""

from __future__ import annotations

import datetime

from dirv_tf.training.execution.annotations import annotation_metrics
from dirv_tf.training.execution.building import compile_model, learning_rate
from dirv_tf.training.execution.checkpoints import (
    CheckpointFile,
    finished_epochs,
    load_checkpoint,
    put_state,
    take_state,
)
from dirv_tf.training.execution.distribution import Distribution
from dirv_tf.training.execution.history import HistoryFile
from dirv_tf.training.execution.interruption import StepGuard
from dirv_tf.training.execution.progress import Progress, duration
from dirv_tf.training.execution.step_timing import measure_steps


class StagedTraining:
    """Train a network in the stages of its run; a network without stages in one.

    A stage begins with the other stages' variables frozen and with a fresh optimizer, so that its learning rate
    decays from its own beginning. A checkpoint belongs to the stage of its last epoch.

    Parameters
    ----------
    model : RegistrationNetwork
    config : RunConfig
    folder : RunFolder
        With the checkpoint to go on from, where there is one.
    pairs, testing : dirv_tf.datasets.PairBatches
        To train and to test on.
    unseen : dirv_tf.datasets.PairBatches or None
        To look at after every epoch.
    distribution : Distribution, optional
        The devices and workers that share the work; the model was made in the scope of its strategy.

    Attributes
    ----------
    first_epoch : int
        Epochs that were done before.
    """

    def __init__(self, model, config, folder, pairs, testing, unseen, distribution=None):
        self.distribution = distribution or Distribution()
        self.model, self.config, self.folder = model, config, folder
        self.pairs, self.testing, self.unseen = pairs, testing, unseen
        self.stages = config.stages
        done = finished_epochs(folder.checkpoint) if self.distribution.is_chief else 0
        self.first_epoch = int(self.distribution.from_chief({"done": done})["done"])
        self._enter(self._stage_of(max(self.first_epoch - 1, 0)))
        if done:
            load_checkpoint(folder.checkpoint, model)
        if self.distribution.workers > 1:
            put_state(model, self.distribution.from_chief(take_state(model)))

    @property
    def remaining(self):
        """The stages that have epochs left, in their order."""
        return [stage for stage in self.stages if stage.last_epoch > self.first_epoch]

    def say_expected_time(self, request, report):
        """Measure a few steps of every stage that is left and say how long all of it will take.

        Parameters
        ----------
        request : StopRequest
        report : callable
            Says a line of text.

        Returns
        -------
        list of float
            Seconds per epoch, by epoch of the whole run; 0 for those that are done.
        """
        report("Measuring a few steps (the first one prepares the network, which takes a while) …")
        seconds = [0.0] * self.config.training.epochs
        training, tests, steps = 0.0, 0.0, []
        begun_with, state = self._entered, take_state(self.model)
        looks = self.unseen.steps_per_epoch if self.unseen else 0
        # The first one last: it is then ready to go on.
        for stage in reversed(self.remaining):
            self._enter(stage)
            if stage == begun_with:
                put_state(self.model, state)
            together = self.config.training.steps_per_execution
            measured = measure_steps(
                self.model,
                self.pairs,
                self.testing,
                [StepGuard(request), *self.distribution.callbacks],
                steps_per_execution=together,
                distribution=self.distribution,
            )
            steps.insert(0, f"{measured.training * 1000:.0f}")
            if stage == self.stages[-1]:
                tests += self.testing.steps_per_epoch * measured.testing
            for epoch in range(max(stage.first_epoch, self.first_epoch), stage.last_epoch):
                training += self.pairs.steps_per_epoch * measured.training
                tests += looks * measured.testing
                seconds[epoch] = self.pairs.steps_per_epoch * measured.training + looks * measured.testing
        end = datetime.datetime.now() + datetime.timedelta(seconds=training + tests)
        report(
            f"Expected: {duration(training)} of training ({', '.join(steps)} ms per step) and "
            f"{duration(tests)} of tests, done about {end:%Y-%m-%d %H:%M}. Ctrl-C stops; the last epoch is kept."
        )
        return seconds

    def train(self, request, monitor=None, seconds=None):
        """Train every stage that is left.

        Parameters
        ----------
        request : StopRequest
        monitor : TensorBoardMonitor or None
        seconds : list of float or None
            What an epoch is expected to take, by epoch of the run.
        """
        epochs = self.config.training.epochs
        names = [stage.name for stage in self.stages for _ in range(stage.first_epoch, stage.last_epoch)]
        several = len(self.stages) > 1
        progress = Progress(
            epochs, self.pairs.steps_per_epoch, self.first_epoch, stages=names if several else None, seconds=seconds
        )
        for stage in self.remaining:
            self._enter(stage)
            first = max(stage.first_epoch, self.first_epoch)
            rate = learning_rate(self.config, stage, self._steps(stage))
            # The history comes before the checkpoint: a line too many is dropped on resuming, a missing one would be
            # lost.
            callbacks = [StepGuard(request), *self.distribution.callbacks]
            if self.distribution.is_chief:
                history = HistoryFile(self.folder.history, rate, first, stage.name if several else None)
                files = [history, CheckpointFile(self.folder.checkpoint)]
                callbacks += [*([monitor] if monitor else []), *files, progress]
            unseen, looks = self.distribution.evaluation(self.unseen) if self.unseen else (None, None)
            self.model.fit(
                self.distribution.training(self.pairs, stage.last_epoch - first, first_epoch=first),
                epochs=stage.last_epoch,
                initial_epoch=first,
                steps_per_epoch=self.pairs.steps_per_epoch,
                validation_data=unseen,
                validation_steps=looks,
                callbacks=callbacks,
                shuffle=False,
                verbose=0,
            )

    def _stage_of(self, epoch):
        return next(stage for stage in self.stages if epoch < stage.last_epoch)

    def _steps(self, stage):
        return (stage.last_epoch - stage.first_epoch) * self.pairs.steps_per_epoch

    def _enter(self, stage):
        """Make the model ready for a stage, unless it is: what is trained, its loss, an optimizer that begins."""
        if getattr(self, "_entered", None) == stage:
            return
        self._entered = stage
        self.model.start_stage(stage.name, **({} if stage.steps is None else {"steps": stage.steps}))
        further = annotation_metrics(self.pairs, self.testing)
        compile_model(self.model, self.config, self._steps(stage), stage, further)
