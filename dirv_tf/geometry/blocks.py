"""Programs of a fixed shape, applied to arrays of any length block by block."""

from __future__ import annotations

import tensorflow as tf

# Rows of a block. Large blocks, because the start of a program costs as much as some ten thousand numbers; small ones
# for short arrays, since the last block is filled up. Multiples of 16, so that a block starts at a multiple of 64 bytes
# whatever a row holds: TensorFlow then uses it where it is and does not copy it.
_SMALL, _LARGE = 2**12, 2**15
# The longest array that is computed in small blocks.
_MOST_SMALL = 4


def in_blocks(program, arrays, channels: int) -> tf.Tensor:
    """Apply a row-wise program that is compiled for the shape of its arguments, once for all lengths.

    Parameters
    ----------
    program : callable
        Takes a block of each array and returns ``(rows, channels)`` of the first one's type, every row from the same
        row of its arguments alone. It only ever sees blocks of two lengths.
    arrays : sequence of tf.Tensor, shape (N, ...)
        Of one length; their other sides are known.
    channels : int
        Numbers per row of the result.

    Returns
    -------
    tf.Tensor, shape (N, channels)
    """
    length = tf.shape(arrays[0])[0]
    rows = tf.where(length > _MOST_SMALL * _SMALL, _LARGE, _SMALL)
    blocks = -(-length // rows)
    # Written in place, block by block: joining the blocks at the end would read and write everything once more.
    result = tf.raw_ops.Empty(shape=tf.stack([blocks, rows, channels]), dtype=arrays[0].dtype)

    def compute(index, result):
        start = index * rows
        parts = [_filled(array[start : start + rows], rows) for array in arrays]
        values = tf.reshape(program(*parts), tf.stack([1, rows, channels]))
        return index + 1, tf.raw_ops.InplaceUpdate(x=result, i=index[None], v=values)

    _, result = tf.while_loop(lambda index, _: index < blocks, compute, (tf.constant(0), result))
    return tf.reshape(result, [-1, channels])[:length]


def _filled(part, rows):
    missing = rows - tf.shape(part)[0]
    filled = tf.cond(
        missing > 0, lambda: tf.pad(part, [[0, missing]] + [[0, 0]] * (part.shape.rank - 1)), lambda: part
    )
    return tf.ensure_shape(filled, [None, *part.shape[1:]])
