"""The pictures of a run in the report, made from its history and its weights."""

from __future__ import annotations

import re

from dirv_tf import figures
from dirv_tf.report.document import picture
from dirv_tf.validation import ConfigError

_CAPTIONS = {
    "learning curves": "Losses and the shares of the initial errors that were removed, over the epochs, with a color "
    "per pyramid level; dashed: unseen pairs. Dashed beside solid means that nothing was learned by heart.",
    "registration": "Above the two images and the registered one. Below the fixed image's grid as it lies in the "
    "moving image, and the differences before and after on one color scale: what is left white has been matched.",
    "flow field": "The true field, the found one and their difference, per component and as arrows. Errors gather at "
    "the border, where content has left the image, and inside cells of one shade, where nothing shows a shift.",
    "field after every unit": "The displacement field after every unit or stage (thesis Fig. 12): the first units "
    "find the bulk of it, the last ones refine; in several levels the coarse ones start.",
    "potentials": "The learned potentials ψ and, below, their integrals φ: the penalties that a unit descends "
    "(thesis Fig. 7). Behind ψ in gray, how often each filter response occurs; what lies in the empty parts was never "
    "trained.",
    "kernels": "The learned convolution kernels: edges and stripes of the data term, and differences between "
    "neighboring control points of the regularizer.",
    "velocity": "The velocity that carries the map along in a step of the momentum network, in pixels of its grid.",
    "refinement": "The same pair registered again and again (thesis 5.8), the original moving image warped once by the "
    "composed field. The differences below have one color scale; the rounds end when L_int no longer falls.",
    "three planes": "The volume cut across each of its axes. The differences have one color scale per row.",
}
_ROUNDS = 4
# What potentials answer to is gathered from these; the first one is drawn.
_PAIRS = 8


def run_pictures(run):
    """Draw a run: its learning curves and, where its weights are at hand, what the network does and has learned.

    Parameters
    ----------
    run : RunRecord

    Yields
    ------
    Picture or str
        A sentence where the images of the run are not on this machine.
    """
    try:
        for title, pixels in _drawn(run):
            caption = next((text for start, text in _CAPTIONS.items() if title.startswith(start)), "")
            yield picture(title[0].upper() + title[1:], caption, pixels)
    except ConfigError as error:
        yield f"No pictures of pairs, whose images are not here. {error}"


def _drawn(run):
    if run.history.get("epoch"):
        yield "learning curves", figures.figure_to_rgb(figures.learning_curves_figure(run.history, run.title))
    if run.weights is not None:
        yield from _network_pictures(run)


def _network_pictures(run):
    # TensorFlow takes seconds to load, which a report without weights does not need.
    from dirv_tf.datasets import TaughtPairs
    from dirv_tf.models.weight_files import load_weights_file
    from dirv_tf.training.config.config_loading import load_run
    from dirv_tf.training.execution.building import testing_pairs
    from dirv_tf.training.monitoring.frozen_batch import frozen_batch
    from dirv_tf.training.monitoring.pictures import pair_pictures

    config = load_run(run.path / "config.yaml")
    testing = testing_pairs(config).first(_PAIRS)
    # The fields of a teacher need not be kept for longer than the training.
    batch = frozen_batch((testing.pairs if isinstance(testing, TaughtPairs) else testing).frozen_batch())
    model = load_weights_file(run.weights)
    pair = batch.inputs
    outputs = model.completed(pair, model(pair, training=False))
    epochs = config.training.epochs
    first = batch.first(1)
    for tag, pixels in pair_pictures(first, outputs, model.spacing, epochs):
        yield re.sub("^. |/pair 0", "", tag) + " of an unseen pair", pixels
    yield from _planes(first, outputs)
    if model.task == "registration":
        yield "refinement of an unseen pair, round by round", _refinement(model, first)
    for tag, pixels in model.observer().pictures(outputs, epochs):
        yield tag[2:].replace("/", ", "), pixels


def _planes(first, outputs):
    if first.rank > 2:
        registered = outputs["registered_images"][-1]
        images = (each[0, ..., 0].numpy() for each in (first.fixed, first.moving, registered))
        field = outputs["flow_field"][0].numpy()
        yield "three planes of an unseen pair", figures.figure_to_rgb(figures.volume_planes_figure(*images, field))


def _refinement(model, first):
    from dirv_tf.models import RecurrentRefinement

    registered = []
    for rounds in range(1, _ROUNDS + 1):
        outputs = RecurrentRefinement(model, rounds)((first.fixed, first.moving))
        if int(outputs["rounds"][0]) < rounds:
            break
        registered.append(outputs["registered"][0, ..., 0].numpy())
    fixed, moving = (each[0, ..., 0].numpy() for each in (first.fixed, first.moving))
    return figures.figure_to_rgb(figures.refinement_figure(fixed, moving, registered))
