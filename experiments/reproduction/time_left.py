"""How long the rest of a series will take."""

from __future__ import annotations

import math

from dirv_tf.training.execution.progress import duration


class TimeLeft:
    """Expects of runs the speed, in arithmetic per second, of those that are done."""

    def __init__(self):
        self._work = self._seconds = 0.0

    def add(self, config, folder):
        """Take note of a finished run, a RunConfig and its RunFolder."""
        seconds = folder.read_record().get("seconds")
        if seconds:
            self._work += training_work(config)
            self._seconds += seconds

    def say(self, configs):
        """Say how long the runs `configs` will take."""
        if not self._seconds:
            return "How long the series will take is known after its first run."
        seconds = sum(training_work(config) for config in configs) * self._seconds / self._work
        return f"About {duration(seconds)} left for this run and those after it."


def training_work(config):
    """Return the arithmetic of a training, up to a factor.

    Parameters
    ----------
    config : RunConfig

    Returns
    -------
    float
        Pairs times the work of one.
    """
    patch_size = getattr(config.data, "patch_size", None)
    work = config.model.work(config.rank, math.prod(patch_size or config.data.size))
    # How many pairs a folder of images gives is known once it has been read; such runs are taken as alike.
    pairs = (config.data.train_images or 1) * (config.data.patches_per_image if patch_size else 1)
    return config.training.epochs * pairs * work
