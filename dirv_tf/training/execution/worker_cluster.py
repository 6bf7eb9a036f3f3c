"""Who the workers of a training are: from TF_CONFIG or from Slurm's variables, without TensorFlow."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from dirv_tf.training.config.distribution_settings import MultiWorkerSettings
from dirv_tf.validation import ConfigError, shown

TF_CONFIG = "TF_CONFIG"
# Those of one step of a job, set by srun in each of its tasks.
_NODES, _TASKS, _NUMBER, _JOB = "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE", "SLURM_PROCID", "SLURM_JOB_ID"
# Ports that follow from the number of a job, so that two jobs on one machine do not meet.
_FIRST_PORT, _PORTS, _PORTS_OF_JOB = 20_000, 1_000, 32
_MOST_WORKERS = 100_000
_HOW = (
    f"'training.distribution.kind' multi_worker needs to know the workers: set {TF_CONFIG} for each of them, start "
    "them by srun, or try `--local-workers 2` on one machine"
)


class WorkerCluster(NamedTuple):
    """All workers of a training, and which of them this process is.

    Attributes
    ----------
    addresses : tuple of str
        ``host:port`` of every worker; the first one is the chief.
    number : int
        Of this process, from 0.
    """

    addresses: tuple[str, ...]
    number: int

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the files of the run and says how far it is."""
        return self.number == 0

    @property
    def name(self) -> str:
        """Which worker this is, in words."""
        return f"worker {self.number + 1} of {len(self.addresses)}"

    def tf_config(self) -> str:
        """Return the value of TF_CONFIG that says the same."""
        cluster = {"worker": list(self.addresses)}
        return json.dumps({"cluster": cluster, "task": {"type": "worker", "index": self.number}})


def cluster_of(settings: Any) -> WorkerCluster | None:
    """Return the workers of a run, by its section `training.distribution`; None where it has one process.

    Raises
    ------
    ConfigError
        As `worker_cluster`.
    """
    return worker_cluster(settings.port) if isinstance(settings, MultiWorkerSettings) else None


def worker_cluster(port: int | None = None, environment: Mapping[str, str] = os.environ) -> WorkerCluster:
    """Read from the environment who the workers are.

    Parameters
    ----------
    port : int, optional
        Where the first worker of a machine listens, under Slurm; by default it follows from the number of the job.
    environment : mapping of str
        TF_CONFIG counts, where it is set; else the variables of Slurm.

    Raises
    ------
    ConfigError
        When neither is set, or they do not say it.

    Examples
    --------
    >>> slurm = {"SLURM_STEP_NODELIST": "node[07-08]", "SLURM_STEP_TASKS_PER_NODE": "2,1", "SLURM_PROCID": "2"}
    >>> worker_cluster(4000, slurm)
    WorkerCluster(addresses=('node07:4000', 'node07:4001', 'node08:4000'), number=2)
    """
    if environment.get(TF_CONFIG, "").strip():
        return _from_tf_config(environment[TF_CONFIG])
    if _NODES in environment:
        return _from_slurm(environment, port)
    raise ConfigError(f"{_HOW}. Received: neither {TF_CONFIG} nor {_NODES} in the environment")


def _from_tf_config(text):
    try:
        config = json.loads(text)
        cluster, task = config["cluster"], config["task"]
        jobs = {name: [str(address) for address in cluster.get(name, ())] for name in ("chief", "worker")}
        addresses, kind, index = (*jobs["chief"], *jobs["worker"]), task["type"], task["index"]
        if set(cluster) - set(jobs) or len(jobs["chief"]) > 1 or not all(":" in address for address in addresses):
            raise ValueError("other jobs than one chief and workers with addresses host:port")
        if len(set(addresses)) < len(addresses):
            raise ValueError("two workers at one address")
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(jobs[kind]):
            raise ValueError("a task that is not in the cluster")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f'Expected in {TF_CONFIG} a text such as {{"cluster": {{"worker": ["first:4000", "second:4000"]}}, '
            f'"task": {{"type": "worker", "index": 0}}}} ({error}). Received: {TF_CONFIG}={shown(text)}'
        ) from None
    return WorkerCluster(addresses, index + len(jobs["chief"]) * (kind == "worker"))


def _from_slurm(environment, port):
    try:
        hosts, counts = _hosts(environment[_NODES]), _counts(environment[_TASKS])
        index = int(environment[_NUMBER])
        if len(hosts) != len(counts) or not 0 <= index < sum(counts):
            raise ValueError(f"{len(hosts)} nodes with {sum(counts)} tasks on {len(counts)}, of them number {index}")
        if port is None:
            port = _FIRST_PORT + int(environment[_JOB]) % _PORTS * _PORTS_OF_JOB
    except (ValueError, KeyError) as error:
        received = ", ".join(f"{name}={shown(environment.get(name))}" for name in (_NODES, _TASKS, _NUMBER, _JOB))
        raise ConfigError(
            f"Expected the variables that srun sets in each task of a step ({error}). Received: {received}"
        ) from None
    addresses = [f"{host}:{port + task}" for host, count in zip(hosts, counts) for task in range(count)]
    return WorkerCluster(tuple(addresses), index)


def _counts(text):
    """Return the tasks of every node of a text such as "2(x3),1"."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part.strip())
        if not match or int(match[2] or 1) > _MOST_WORKERS or int(match[1]) > _MOST_WORKERS:
            raise ValueError(f"not numbers of tasks: {shown(text)}")
        found += [int(match[1])] * int(match[2] or 1)
    return found


def _hosts(text):
    """Return the names of the nodes of a text such as "login,node[07-09,12]-ib"."""
    # Commas within brackets part numbers, others names.
    names = re.findall(r"(?:[^,\[\]]|\[[^\[\]]*\])+", text)
    found = []
    for name in names:
        expanded = [""]
        for piece in re.findall(r"\[[^\[\]]*\]|[^\[\]]+", name.strip()):
            ends = _numbers(piece[1:-1]) if piece.startswith("[") else [piece]
            if len(expanded) * len(ends) > _MOST_WORKERS:
                raise ValueError("too many nodes")
            expanded = [begin + end for begin in expanded for end in ends]
        found += expanded
    if not found or ",".join(names) != text:
        raise ValueError(f"not names of nodes: {shown(text)}")
    return found


def _numbers(text):
    """Return the numbers of a text such as "07-09,12", as long as they are written."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not match or int(match[2] or match[1]) - int(match[1]) > _MOST_WORKERS:
            raise ValueError(f"not numbers of nodes: {shown(text)}")
        found += [f"{number:0{len(match[1])}}" for number in range(int(match[1]), int(match[2] or match[1]) + 1)]
    return found
