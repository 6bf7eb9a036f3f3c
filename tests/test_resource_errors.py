"""Want of memory and of space on the disk."""

import errno

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf.resource_errors import disk_errors_name, is_disk_error, is_out_of_memory, memory_for

OOM = "Graph execution error:\n\nDetected at node 'a'\nOOM when allocating tensor with shape[1,2]\n\t [[node]]"


def exhausted(text):
    return tf.errors.ResourceExhaustedError(None, None, text)


@pytest.mark.parametrize("error", [MemoryError(), exhausted(OOM)])
def test_want_of_memory_is_told_from_a_full_disk(error):
    assert is_out_of_memory(error) and not is_disk_error(error)
    full = exhausted("/a/b; No space left on device")
    assert is_disk_error(full) and not is_out_of_memory(full)
    assert not is_out_of_memory(ValueError("OOM")) and not is_disk_error(PermissionError(errno.EACCES, "no"))


def test_an_error_says_for_what_memory_was_wanted_and_what_to_do():
    expected = r"^Expected memory for a pair; take less\. Received: OOM when allocating tensor with shape\[1,2\]$"
    with pytest.raises(MemoryError, match=expected), memory_for("a pair", "take less"):
        raise exhausted(OOM)
    with pytest.raises(MemoryError, match="Received: Unable to allocate .* for an array with shape"), memory_for("", ""):
        np.empty((2**20, 2**20, 2**10))
    with pytest.raises(ValueError, match="^mine$"), memory_for("a pair", "take less"):
        raise ValueError("mine")


def test_tensorflow_s_errors_of_the_disk_get_a_path(tmp_path):
    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}'") as raised, disk_errors_name(tmp_path):
        raise exhausted("events; No space left on device")
    assert raised.value.errno == errno.ENOSPC
    with pytest.raises(tf.errors.NotFoundError), disk_errors_name(tmp_path):
        raise tf.errors.NotFoundError(None, None, "no such thing")
