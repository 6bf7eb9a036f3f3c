"""Who the workers are: TF_CONFIG and Slurm's variables."""

import json

import pytest

from dirv_tf.training.config.distribution_settings import MirroredSettings, MultiWorkerSettings, SingleSettings
from dirv_tf.training.execution import worker_cluster as module
from dirv_tf.training.execution.worker_cluster import WorkerCluster, cluster_of, worker_cluster
from dirv_tf.validation import ConfigError

SLURM = {
    "SLURM_STEP_NODELIST": "gpu[07-08,12],big-1",
    "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
    "SLURM_PROCID": "6",
    "SLURM_JOB_ID": "123456",
}


def tf_config(task="worker", index=0, **cluster):
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": task, "index": index}})}


def test_the_workers_of_tf_config_begin_with_the_chief():
    jobs = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    assert worker_cluster(environment=tf_config("chief", **jobs)) == WorkerCluster(("a:1", "b:1", "c:1"), 0)
    second = worker_cluster(environment=tf_config("worker", 1, **jobs))
    assert second.number == 2 and not second.is_chief and second.name == "worker 3 of 3"
    assert worker_cluster(environment=tf_config("worker", 0, worker=["a:1", "b:1"])).is_chief
    # What is handed on to TensorFlow means the same.
    assert worker_cluster(environment={"TF_CONFIG": second.tf_config()}) == second


@pytest.mark.parametrize("environment, text", [
    ({"TF_CONFIG": "{"}, r"Expected in TF_CONFIG a text such as .*Received: TF_CONFIG='\{'"),
    ({"TF_CONFIG": "[]"}, "Expected in TF_CONFIG"),
    (tf_config("worker", 2, worker=["a:1", "b:1"]), "a task that is not in the cluster"),
    (tf_config("worker", True, worker=["a:1", "b:1"]), "a task that is not in the cluster"),
    (tf_config("ps", 0, worker=["a:1"], ps=["b:1"]), "other jobs than one chief and workers"),
    (tf_config("evaluator", 0, worker=["a:1"]), "Expected in TF_CONFIG"),
    (tf_config("worker", 0, worker=["a"]), "with addresses host:port"),
    (tf_config("worker", 0, worker=["a:1", "a:1"]), "two workers at one address"),
    ({}, "set TF_CONFIG for each of them, start them by srun, or try `--local-workers 2`.*Received: neither TF_CONFIG"),
])
def test_what_does_not_say_who_the_workers_are_is_refused(environment, text):
    with pytest.raises(ConfigError, match=text):
        worker_cluster(environment=environment)


def test_the_tasks_of_a_slurm_step_are_workers():
    found = worker_cluster(environment=SLURM)
    port = 20000 + 456 * 32
    hosts = ["gpu07", "gpu07", "gpu08", "gpu08", "gpu12", "gpu12", "big-1"]
    ports = [port, port + 1] * 3 + [port]
    assert found == WorkerCluster(tuple(f"{host}:{number}" for host, number in zip(hosts, ports)), 6)
    assert worker_cluster(5000, SLURM).addresses[:3] == ("gpu07:5000", "gpu07:5001", "gpu08:5000")
    # Given by hand, it counts; and a port needs no job.
    assert worker_cluster(environment={**SLURM, **tf_config(worker=["a:1"])}).addresses == ("a:1",)
    assert worker_cluster(5000, {**SLURM, "SLURM_JOB_ID": ""}).number == 6


@pytest.mark.parametrize("nodes, hosts", [
    ("a", ["a"]), ("a,b", ["a", "b"]), ("r[1-2]n[08-10]x", [f"r{r}n{n}x" for r in "12" for n in ("08", "09", "10")]),
    ("n[098-101]", ["n098", "n099", "n100", "n101"]),
])
def test_names_of_nodes_are_written_out(nodes, hosts):
    assert module._hosts(nodes) == hosts


@pytest.mark.parametrize("changes", [
    {"SLURM_STEP_NODELIST": "gpu[07-08"}, {"SLURM_STEP_NODELIST": ""}, {"SLURM_STEP_NODELIST": "a[x-y]"},
    {"SLURM_STEP_NODELIST": "a[0-99999999]"}, {"SLURM_STEP_NODELIST": "a[1-9999]b[1-9999]"},
    {"SLURM_STEP_TASKS_PER_NODE": "2"}, {"SLURM_STEP_TASKS_PER_NODE": "2(x99999999)"},
    {"SLURM_STEP_TASKS_PER_NODE": "many"}, {"SLURM_PROCID": "7"}, {"SLURM_PROCID": "-1"}, {"SLURM_JOB_ID": "?"},
])  # fmt: skip
def test_variables_of_slurm_that_do_not_fit_are_refused(changes):
    with pytest.raises(ConfigError, match="Expected the variables that srun sets in each task of a step .*SLURM_PROCID="):
        worker_cluster(environment={**SLURM, **changes})


def test_only_a_run_of_several_workers_asks_for_them(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("SLURM_STEP_NODELIST", raising=False)
    assert cluster_of(SingleSettings()) is None and cluster_of(MirroredSettings()) is None
    with pytest.raises(ConfigError, match="needs to know the workers"):
        cluster_of(MultiWorkerSettings())
