"""A field of experts with two of the learned experts of a shipped network."""

from __future__ import annotations

import numpy as np

from dirv_tf import geometry
from dirv_tf.models import load_pretrained
from method_parts.example import example_pair
from method_parts.style import FIELD, INK, PALE, WIDTH, Sheet, lefts

NETWORK, SIZE, UNIT, SHOWN = "A-6", 32, 0, 2
SIDE, STEP, ROWS = 8.8, 11.6, (8.5, 23.0)
_left = lefts(STEP)


def draw():
    """Return the figure: the two experts of the data term that add most to the sum, and the sum of all."""
    experts = load_pretrained(NETWORK).pyramid_levels[0].variational_units[UNIT].data_experts
    fixed, moving = example_pair(SIZE)
    difference = moving - fixed
    kernel = np.asarray(geometry.expert_kernel(experts.kernels))
    responses = geometry.expert_convolution(difference, kernel)
    answers = experts.potential(responses)
    parts = [
        np.asarray(geometry.transposed_expert_convolution(answers[..., j : j + 1], kernel[..., j : j + 1]))[0, ..., 0]
        for j in range(experts.experts)
    ]
    total = np.asarray(experts(difference))[0, ..., 0]
    np.testing.assert_allclose(sum(parts), total, atol=1e-4)

    sheet = Sheet(46)
    sheet.title("A field of experts: two experts of the 24 in the first data term of A-6")
    middle = (ROWS[0] + ROWS[1] + SIDE) / 2
    _image(sheet, 0, middle - SIDE / 2, difference[0, ..., 0])
    _end(sheet, 0, middle, "$X = I_R - I_f$", "what is still\ndifferent")
    chosen = np.argsort([-np.square(part).sum() for part in parts], kind="stable")[:SHOWN]
    high = max(np.abs(parts[j]).max() for j in chosen)
    knots = np.asarray(experts.potential.function_values)
    for top, j in zip(ROWS, chosen):
        sheet.arrow((_left(0) + SIDE + 0.4, middle), (_left(1) - 0.4, top + SIDE / 2))
        one = kernel[..., 0, j]
        _image(sheet, 1, top, one)
        _image(sheet, 2, top, responses[0, ..., j])
        _potential(sheet.inset(_left(3), top, SIDE, SIDE), experts.potential, knots[j], responses[0, ..., j])
        _image(sheet, 4, top, answers[0, ..., j])
        _image(sheet, 5, top, one[::-1, ::-1])
        for column in range(1, 5):
            sheet.arrow((_left(column) + SIDE + 0.4, top + SIDE / 2), (_left(column + 1) - 0.3, top + SIDE / 2))
        sheet.arrow((_left(5) + SIDE + 0.4, top + SIDE / 2), (_left(6) - 0.4, middle))
    _image(sheet, 6, middle - SIDE / 2, total, max(high, np.abs(total).max()))
    _end(sheet, 6, middle, "$E(X)$", "the sum of\nall 24")
    titles = (
        "kernel $k_j$",
        r"$k_j \circledast X$",
        r"potential $\psi_j$",
        r"$\psi_j(k_j \circledast X)$",
        "$k_j$ mirrored",
    )
    texts = (
        "7 × 7 pixels,\nlearned",
        "like this\nkernel, or not",
        "learned, linear\nbetween knots",
        "what the\nexpert says",
        "the transposed\nconvolution",
    )
    for column, (title, text) in enumerate(zip(titles, texts), start=1):
        x = _left(column) + SIDE / 2
        sheet.text(x, ROWS[0] - 1.5, title)
        sheet.text(x, ROWS[1] + SIDE + 2.2, text, va="top", size=7.5)
    sheet.text(
        WIDTH / 2, 43.0,
        r"$E(X) \;=\; \sum_j\; k_j \circledast^{\mathsf{T}} \psi_j\,(\,k_j \circledast X\,)$", size=12,
    )  # fmt: skip
    return sheet.figure


def _end(sheet, column, middle, title, text):
    """Write above and below the first or the last picture."""
    x = _left(column) + SIDE / 2
    sheet.text(x, middle - SIDE / 2 - 1.3, title)
    sheet.text(x, middle + SIDE / 2 + 0.6, text, va="top", size=7.5)


def _image(sheet, column, top, pixels, high=None):
    high = float(np.abs(pixels).max()) if high is None else high
    sheet.image(pixels, _left(column), top, SIDE, signed=True, high=high)


def _potential(axes, potential, knots, responses):
    """Draw a potential over its knot range, above how often each filter response occurs."""
    positions = np.linspace(potential.low, potential.high, len(knots))
    reach = float(np.abs(knots).max()) * 1.15
    counts, edges = np.histogram(np.asarray(responses), bins=40, range=(potential.low, potential.high))
    axes.bar(edges[:-1], counts / counts.max() * 1.2 * reach, np.diff(edges), -reach, color=PALE, align="edge")
    axes.axhline(0, color=INK, linewidth=0.5)
    axes.axvline(0, color=INK, linewidth=0.5)
    axes.plot(positions, knots, ".-", color=FIELD, linewidth=1.2, markersize=3)
    axes.set_xlim(potential.low, potential.high)
    axes.set_ylim(-reach, reach)
    axes.set_xticks([potential.low, 0, potential.high])
    axes.set_yticks([])
    axes.tick_params(labelsize=7, length=2, pad=1)
