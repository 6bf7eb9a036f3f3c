"""Compilation of element-wise functions: for known shapes, or once for all shapes."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

_shapes_vary = contextvars.ContextVar("shapes_vary", default=False)


@contextlib.contextmanager
def for_any_shape() -> Iterator[None]:
    """Compute what is called inside in a form that serves tensors of all shapes, for inference.

    XLA compiles a program anew for every shape, which takes longer than to register a pair. Inside this context,
    functions that win much by compilation run as programs for blocks of a fixed number of rows, compiled once
    (see `dirv_tf.geometry.blocks`); the others as plain operations. Results are the same up to rounding. Gradients
    are not meant to be taken through it. What is traced inside keeps this form.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf import geometry
    >>> with geometry.for_any_shape():
    ...     warped = geometry.warp_image(tf.ones([1, 8, 9, 1]), tf.zeros([1, 8, 9, 2]))
    >>> float(tf.reduce_min(warped))
    1.0
    """
    token = _shapes_vary.set(True)
    try:
        yield
    finally:
        _shapes_vary.reset(token)


def shapes_vary() -> bool:
    """Whether the caller is inside of `for_any_shape`."""
    return _shapes_vary.get()


def graph_for_any_shape(function: Callable[..., Any], *signature: tf.TensorSpec) -> Callable[..., Any]:
    """Make a function one graph for tensors of all shapes, which the graphs that call it refer to.

    Tracing it again at every place that calls it, and optimizing a graph with all those copies, would take seconds.

    Parameters
    ----------
    function : callable
        Of tensors; traced inside of `for_any_shape`.
    signature : tf.TensorSpec
        Of its arguments, with None for sides that vary.

    Returns
    -------
    callable
        With the same arguments and result.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.geometry import graph_for_any_shape
    >>> total = graph_for_any_shape(tf.reduce_sum, tf.TensorSpec([None]))
    >>> float(total(tf.ones([3]))), float(total(tf.ones([5])))
    (3.0, 5.0)
    """

    @tf.function(input_signature=signature, autograph=False, experimental_attributes={"_noinline": True})
    def graph(*arguments):
        with for_any_shape():
            return function(*arguments)

    return graph


# XLA fuses chains of element-wise operations and gathers into one pass over memory (and does the same with their
# gradients), on CPUs two to six times faster than one operation after the other. Convolutions stay outside: on CPUs
# TensorFlow's own are much faster than XLA's.
program = functools.partial(tf.function, jit_compile=True, reduce_retracing=True, autograph=False)


def compiled(function):
    """Compile a function with XLA for the shapes it is called with; plain operations inside of `for_any_shape`.

    Parameters
    ----------
    function : callable
        Of tensors, and settings that are no tensors.

    Returns
    -------
    callable
        With the same arguments and result.
    """
    for_known_shapes = program(function)

    @functools.wraps(function)
    def evaluate(*arguments, **settings):
        return (function if shapes_vary() else for_known_shapes)(*arguments, **settings)

    return evaluate


def compiled_both_ways(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Compile a function, and the whole of its gradient by itself.

    TensorFlow's own gradient of a `compiled` function takes what the forward pass has kept. Where that pass is a few
    additions, keeping costs more than the additions: here the gradient starts from the arguments, like the function.

    Parameters
    ----------
    function : callable
        Of floating tensors by position, and settings by keyword that are no tensors; returns one tensor.

    Returns
    -------
    callable
        With the same arguments and result.
    """
    forward = program(function)

    @program
    def backward(arguments, upstream, **settings):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            result = function(*arguments, **settings)
        return tape.gradient(result, arguments, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    @functools.wraps(function)
    def evaluate(*arguments, **settings):
        if shapes_vary():
            return function(*arguments, **settings)

        @tf.custom_gradient
        def with_gradient(*arguments):
            return forward(*arguments, **settings), lambda upstream: backward(arguments, upstream, **settings)

        return with_gradient(*arguments)

    return evaluate
