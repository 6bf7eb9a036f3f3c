"""The pictures of a run in the report, made from its history and its weights."""

from __future__ import annotations

import dataclasses

from dirv_tf import figures


def run_pictures(run):
    """Draw a run: its learning curves and, where its weights are at hand, what the network does and has learned.

    Parameters
    ----------
    run : RunRecord

    Yields
    ------
    pair of str and np.ndarray
        Title and uint8 array (height, width, 3).
    """
    if run.history.get("epoch"):
        yield "learning curves", figures.figure_to_rgb(figures.learning_curves_figure(run.history, run.title))
    if run.weights is not None:
        yield from _network_pictures(run)


def _network_pictures(run):
    # TensorFlow takes seconds to load, which a report without weights does not need.
    from dirv_tf.models.weight_files import load_weights_file
    from dirv_tf.training.building import testing_pairs
    from dirv_tf.training.config_loading import load_run
    from dirv_tf.training.monitoring.filter_responses import response_statistics
    from dirv_tf.training.monitoring.frozen_batch import frozen_batch
    from dirv_tf.training.monitoring.pictures import pair_pictures, parameter_pictures

    config = load_run(run.path / "config.yaml")
    # The first unseen pairs are the same ones for any number of them; all would take memory and time.
    few = min(config.data.test_images, config.evaluation.batch_size, 8)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, test_images=few))
    batch = frozen_batch(testing_pairs(config).frozen_batch())
    model = load_weights_file(run.weights)
    outputs = model((batch.fixed, batch.moving), training=False)
    epochs = config.training.epochs
    for tag, picture in pair_pictures(batch.first(1), outputs, model.spacing, epochs):
        yield tag[2:].replace("/pair 0", " of an unseen pair"), picture
    for tag, picture in parameter_pictures(model, response_statistics(model, outputs), epochs):
        yield tag[2:].replace("/", ", "), picture
