"""What a run ran on: program versions and hardware, for its record."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

import numpy as np
import tensorflow as tf

import dirv_tf


def versions():
    """Versions of everything that takes part in a result.

    Returns
    -------
    dict of str
        Versions by name.
    """
    found = {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras_version()}
    return {**found, "numpy": np.__version__, "dirv_tf": _own_version(), "system": platform.platform()}


def keras_version():
    """Return the version of the Keras that TensorFlow uses, as text."""
    return getattr(tf.keras, "__version__", None) or importlib.metadata.version("keras")


def hardware():
    """Processor, memory and accelerators.

    Returns
    -------
    dict
        With `processor`, `cores`, `memory_gib` and `gpus`.
    """
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return {"processor": _processor(), "cores": _cores(), "memory_gib": _memory_gib(), "gpus": names}


def hardware_line(found):
    """Return the hardware in a few words.

    Parameters
    ----------
    found : dict
        From `hardware`.

    Returns
    -------
    str
        Such as "2 cores of Intel Xeon, no GPU" or "1 core of AMD EPYC, no GPU".
    """
    cores = f"{found['cores']} core{'s' * (found['cores'] != 1)}"
    return f"{cores} of {found['processor']}, {', '.join(found['gpus']) or 'no GPU'}"


def _processor():
    table = Path("/proc/cpuinfo")
    if table.is_file():
        for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores():
    # The cores this process may use, which in a container are fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory_gib():
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _own_version():
    version = getattr(dirv_tf, "__version__", None)
    return version or importlib.metadata.version("dirv_tf")
