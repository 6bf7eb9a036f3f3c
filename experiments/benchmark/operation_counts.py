"""Operations and bytes that one variational unit cannot do without."""

from __future__ import annotations

import math
from typing import NamedTuple


class UnitCosts(NamedTuple):
    """Floating-point operations and bytes of one unit, forward and in a training step (forward and backward)."""

    forward_operations: int
    step_operations: int
    forward_bytes: int
    step_bytes: int


def unit_costs(batch, size, experts, kernel_sizes=(7, 5), spacing=4):
    """Count what one variational unit costs at least.

    With N pixels and G = N / s^r control points in the whole batch, n_e experts, kernels of k_1 and k_2 per side:

    - operations of the four convolutions (a convolution and its transpose, for the data term's one component and the
      regularizer's r), 2 per tap: ``4 n_e (N k_1^r + r G k_2^r)``. Everything else, potentials, warping, force, is
      under 2 % of it and not counted. The gradients in the values and in the kernel each cost as much again: a
      training step takes 3 times as many.
    - bytes of the responses, ``n_e (N + r G)`` numbers of 4 bytes, which no cache holds. Forward, each is written by
      the convolution, read and written by the potential, read by the transposed convolution: 4 passes. Backward, 7
      more: the upstream gradient is written; the kernel gradient reads the bent responses; the potential reads
      response and upstream and writes the gradient; both gradients of the convolution read that.

    Parameters
    ----------
    batch : int
        Pairs.
    size : sequence of int
        Image sides in pixels; their number is the rank r.
    experts : int
    kernel_sizes : (int, int)
        Kernel side of the data term and of the regularizer.
    spacing : int
        Control-point spacing s in pixels.

    Returns
    -------
    UnitCosts
    """
    rank = len(size)
    pixels = batch * math.prod(size)
    points = pixels // spacing**rank
    data, regularizer = (side**rank for side in kernel_sizes)
    operations = 4 * experts * (pixels * data + rank * points * regularizer)
    numbers = experts * (pixels + rank * points)
    return UnitCosts(operations, 3 * operations, 4 * 4 * numbers, 11 * 4 * numbers)
