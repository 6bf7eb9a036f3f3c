"""What commands that carry out several trainings have in common: processor cores, and how they end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable

from dirv_tf.stop_signals import stopped_status
from dirv_tf.validation import ConfigError


def use_cores(count: int) -> None:
    """Let TensorFlow use so many processor cores; before it has computed anything."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def exit_status_of(work: Callable[[], Any], folder: str | Path) -> int:
    """Carry out trainings, and say in a line what has ended them before their time.

    Parameters
    ----------
    work : callable
    folder : str or Path
        Keeps what is finished.

    Returns
    -------
    int
        Exit status: 0 done, 1 a training failed, 2 wrong settings or files, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    # TensorFlow takes seconds to load: the help and a wrong command line are answered before.
    from dirv_tf.models.weight_files import WeightFileError
    from dirv_tf.training.execution.checkpoints import CheckpointError
    from dirv_tf.training.execution.interruption import TrainingDiverged, TrainingInterrupted, stopping_signal

    try:
        work()
    except (TrainingInterrupted, KeyboardInterrupt) as stop:
        print(f"Stopped. The same command goes on; what is finished is in {folder}", file=sys.stderr)
        return stopped_status(stopping_signal(stop))
    except (ConfigError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (TrainingDiverged, CheckpointError, WeightFileError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
