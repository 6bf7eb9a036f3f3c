"""On which devices and machines a network is trained."""

from __future__ import annotations

import dataclasses

from dirv_tf.validation import ConfigError, integer, number, one_of, setting


@dataclasses.dataclass(frozen=True)
class SingleSettings:
    """One process that trains on one device."""

    kind: str = setting(one_of("none"), default="none")


@dataclasses.dataclass(frozen=True)
class MirroredSettings:
    """Several devices of one machine, by `tf.distribute.MirroredStrategy`.

    `devices` is how many; left out, all GPUs that TensorFlow sees. `device_type: cpu` parts the processor into so many
    virtual devices, to try it on a machine without GPUs.
    """

    kind: str = setting(one_of("mirrored"), default="mirrored")
    devices: int | None = setting(integer(1, 1024), default=None)
    device_type: str = setting(one_of("gpu", "cpu"), default="gpu")

    def __post_init__(self):
        if self.device_type == "cpu" and self.devices is None:
            raise ConfigError(
                "key 'training.distribution.devices' is missing; with 'training.distribution.device_type' cpu it says "
                "into how many devices the processor is parted."
            )


@dataclasses.dataclass(frozen=True)
class MultiWorkerSettings:
    """Several processes, mostly on several machines, by `tf.distribute.MultiWorkerMirroredStrategy`.

    Every worker is started by the same command and trains on all GPUs that it sees, or on its processor. Who they are
    stands in the environment: in `TF_CONFIG`, as TensorFlow has it, or in the variables of Slurm, where each task of a
    step is a worker. `port` is the one that Slurm's first worker on a machine listens at; left out, it follows from the
    number of the job. A worker that has waited `patience` seconds for the others gives up.
    """

    kind: str = setting(one_of("multi_worker"), default="multi_worker")
    patience: float = setting(number(low=1), default=600.0)
    port: int | None = setting(integer(1024, 60000), default=None)


DISTRIBUTIONS = {"none": SingleSettings, "mirrored": MirroredSettings, "multi_worker": MultiWorkerSettings}
