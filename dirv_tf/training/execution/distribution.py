"""The devices and machines that share a training, on TensorFlow's own engine, `tf.distribute`."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from dirv_tf.datasets.pair_batches import Shares
from dirv_tf.training.config.distribution_settings import MirroredSettings, MultiWorkerSettings
from dirv_tf.training.execution.environment import keras_version
from dirv_tf.training.execution.worker_cluster import TF_CONFIG, WorkerCluster
from dirv_tf.training.execution.worker_loss import Patience, WorkerLost
from dirv_tf.training.execution.worker_meeting import missing_workers
from dirv_tf.validation import ConfigError


class Distribution:
    """How a training is shared out; by default not at all.

    Parameters
    ----------
    strategy : tf.distribute.Strategy, optional
        Default: TensorFlow's own, of one device.
    cluster : WorkerCluster, optional
        The workers, where there are several processes.
    patience : Patience, optional
        With the other workers: begins anew whenever this one comes to wait for them.

    Attributes
    ----------
    callbacks : list of tf.keras.callbacks.Callback
        For everything that is trained or tested.
    strategy : tf.distribute.Strategy
        The network, its optimizer and its metrics are made in its scope.
    is_chief : bool
        Whether this process writes the files of the run and says how far it is.
    replicas : int
        Copies of the network that learn together, on all devices of all workers.
    workers : int
        Processes.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy | None = None,
        cluster: WorkerCluster | None = None,
        patience: Patience | None = None,
    ):
        self.callbacks = [] if patience is None else patience.callbacks
        self.strategy = strategy or tf.distribute.get_strategy()
        self.cluster, self._patience = cluster, patience
        self.is_chief = cluster is None or cluster.is_chief
        self.replicas = int(self.strategy.num_replicas_in_sync)
        self.workers = 1 if cluster is None else len(cluster.addresses)

    def training(self, pairs: Any, epochs: int, first_epoch: int = 0) -> Any:
        """Return the batches of training epochs, as `PairBatches.training` does; of them the share of this worker."""
        return self._shared(lambda shares: pairs.training(epochs, first_epoch, shares=shares))

    def evaluation(self, pairs: Any, steps: int | None = None) -> tuple[Any, int | None]:
        """Return the batches of one pass over all pairs, of them the share of this worker, and their number for Keras.

        Parameters
        ----------
        pairs : PairBatches
        steps : int, optional
            How many batches, at most those of a pass; default: all.

        Returns
        -------
        batches : tf.data.Dataset or distributed dataset
        steps : int or None
            None where Keras sees the end of the batches.
        """
        steps = pairs.steps_per_epoch if steps is None else steps
        return self.counted(self._shared(lambda shares: pairs.evaluation(shares=shares)), steps)

    def counted(self, batches: Any, steps: int) -> tuple[Any, int | None]:
        """Return so many batches in the form in which Keras begins them once, and the number to tell it.

        Keras 2 makes two iterators, of a quarter of a second each, of batches whose end it sees.

        Parameters
        ----------
        batches : tf.data.Dataset or distributed dataset
            At least `steps`.
        steps : int
        """
        if self.workers > 1:
            return batches, steps
        batches = batches.take(steps)
        return (batches.take_while(lambda *_: True), steps) if self._hides_ends else (batches, None)

    @property
    def _hides_ends(self):
        # Keras 3 would read on behind the end in the next epoch, and several replicas have to see what they share.
        return self.replicas == 1 and keras_version().startswith("2.")

    def record(self, kind: str) -> dict[str, Any]:
        """Return the entry of a run's record: on what it has been trained last."""
        return {"distribution": {"kind": kind, "workers": self.workers, "replicas": self.replicas}}

    def from_chief(self, arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return the arrays of the chief, on every worker; those that this worker gives have the same shapes.

        Parameters
        ----------
        arrays : mapping of str to array_like
        """
        given = {name: np.asarray(array) for name, array in arrays.items()}
        if self.workers == 1:
            return given
        # A sum of numbers and zeros is exact.
        return self._sums({name: array if self.is_chief else np.zeros_like(array) for name, array in given.items()})

    def any_worker(self, is_true: bool) -> bool:
        """Whether something is true on at least one worker; all of them have to ask."""
        return bool(self._sums({"true": np.asarray(int(is_true))})["true"]) if self.workers > 1 else is_true

    def wait_for_all(self) -> None:
        """Go on when all workers have come here."""
        self.any_worker(False)

    def _shared(self, make):
        if self.workers == 1:
            # Keras parts the batches among the devices of one process.
            return make(None)
        shares = Shares(self.replicas, self.cluster.number * self._replicas_here, self._replicas_here)
        # Repeated, it has no end that all workers would have to agree upon in every step.
        return self.strategy.distribute_datasets_from_function(lambda _: make(shares).repeat())

    def _sums(self, arrays):
        """Return the sums over all workers, by name."""
        if self._patience is not None:
            self._patience.renew()
        # Packed, one vector for each type: that many transfers, and none of nothing, which TensorFlow does not survive.
        types = sorted({array.dtype.str for array in arrays.values() if array.size})
        names = {kind: [name for name in sorted(arrays) if arrays[name].dtype.str == kind] for kind in types}
        packed = [np.concatenate([arrays[name].ravel() for name in names[kind]]) for kind in types]
        sums = self.strategy.run(_sums_over_workers, args=([tf.constant(each) for each in packed], self._replicas_here))
        found = dict(arrays)
        for kind, total in zip(types, sums):
            flat, done = self.strategy.experimental_local_results(total)[0].numpy(), 0
            for name in names[kind]:
                size = arrays[name].size
                found[name], done = flat[done : done + size].reshape(arrays[name].shape), done + size
        return found

    @property
    def _replicas_here(self):
        return self.replicas // self.workers


@tf.function(autograph=False)
def _sums_over_workers(values, replicas_here):
    context = tf.distribute.get_replica_context()
    # All replicas of a worker have its values: the first one counts.
    counts = context.replica_id_in_sync_group % replicas_here == 0
    values = [tf.where(counts, each, tf.zeros_like(each)) for each in values]
    # One by one: what is reduced together has to be of one type.
    return [context.all_reduce(tf.distribute.ReduceOp.SUM, each) for each in values]


def start_distribution(
    settings: Any, cluster: WorkerCluster | None = None, patience: Patience | None = None
) -> Distribution:
    """Make ready what a run is trained on; before TensorFlow has computed anything.

    Parameters
    ----------
    settings : SingleSettings, MirroredSettings or MultiWorkerSettings
        A run's `training.distribution`.
    cluster : WorkerCluster, optional
        Where there are several workers; waits for all of them.
    patience : Patience, optional
        See `Distribution`; is told when all have joined.

    Raises
    ------
    ConfigError
        When the devices are not there, or TensorFlow or Keras cannot do it.
    WorkerLost
        When another worker does not come in time.
    """
    if isinstance(settings, MirroredSettings):
        return Distribution(tf.distribute.MirroredStrategy(_devices(settings)))
    if isinstance(settings, MultiWorkerSettings):
        strategy = _joined(cluster, settings.patience)
        if patience is not None:
            patience.joined()
        return Distribution(strategy, cluster, patience)
    return Distribution()


def _devices(settings):
    if settings.device_type == "gpu":
        found = tf.config.list_physical_devices("GPU")
        wanted = len(found) if settings.devices is None else settings.devices
        if not 1 <= wanted <= len(found):
            raise ConfigError(
                f"'training.distribution.devices' must not be more than the GPUs that TensorFlow sees, of which there "
                f"must be one; on a processor, training.distribution.device_type=cpu shows how it works. "
                f"Received: training.distribution.devices={settings.devices}, GPUs={len(found)}"
            )
        return [f"GPU:{number}" for number in range(wanted)]
    (processor,) = tf.config.list_physical_devices("CPU")
    try:
        tf.config.set_logical_device_configuration(
            processor, [tf.config.LogicalDeviceConfiguration()] * settings.devices
        )
    except RuntimeError as error:
        raise ConfigError(
            "'training.distribution.device_type' cpu must be asked for before TensorFlow has computed anything: train "
            f"in a process of its own, by `dirv-tf train`. Received: {error}"
        ) from error
    return [f"CPU:{number}" for number in range(settings.devices)]


def _joined(cluster, patience):
    if not keras_version().startswith("2."):
        # Its `fit` takes the values of one worker's replicas for tensors.
        raise ConfigError(
            "'training.distribution.kind' multi_worker needs Keras 2, with TensorFlow 2.15 (make setup STACK=default): "
            "Keras 3 cannot train with MultiWorkerMirroredStrategy. On one machine, mirrored shares the work among its "
            f"GPUs. Received: Keras {keras_version()}, TensorFlow {tf.__version__}"
        )
    # Before patience is over, because this knows who is missing.
    missing = missing_workers(cluster, 0.9 * patience)
    if missing:
        raise WorkerLost(
            f"Expected all {len(cluster.addresses)} workers to come within {patience:g} seconds "
            f"(training.distribution.patience). Received: none at {', '.join(missing)}, at {cluster.name}"
        )
    os.environ[TF_CONFIG] = cluster.tf_config()
    options = tf.distribute.experimental.CommunicationOptions(timeout_seconds=patience)
    # A worker may end just now. TensorFlow then waits where no thread of Python can go on; this one needs none.
    faulthandler.dump_traceback_later(patience, exit=True)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    except RuntimeError as error:
        raise ConfigError(
            "'training.distribution.kind' multi_worker must be asked for before TensorFlow has computed anything: "
            f"train in a process of its own, by `dirv-tf train`. Received: {error}"
        ) from error
    finally:
        faulthandler.cancel_dump_traceback_later()
