"""The pictures of one epoch: from the network's outputs on the frozen batch to named RGB arrays."""

from __future__ import annotations

from dirv_tf import figures, losses


def pair_pictures(batch, outputs, spacing, epoch):
    """Draw every pair: images and differences, flow field, the field after every unit.

    Parameters
    ----------
    batch : FrozenBatch
        The pairs.
    outputs : dict
        What the model returned for them, and perhaps for more pairs after them.
    spacing : int or tuple of int
        Control-point spacing in pixels.
    epoch : int
        Epochs finished, for the headings.

    Yields
    ------
    pair of str and np.ndarray
        Tag and uint8 array (height, width, 3).
    """
    true_fields = None
    if batch.flow_field is not None:
        true_fields = losses.true_displacement_fields(batch.flow_field, outputs["displacement_fields"])
    for pair in range(batch.fixed.shape[0]):
        heading = f"pair {pair}, epoch {epoch}"
        true = None if batch.flow_field is None else batch.flow_field[pair].numpy()
        predicted = outputs["flow_field"][pair].numpy()
        images = (batch.fixed, batch.moving, outputs["registered_images"][-1])
        fixed, moving, registered = (each[pair, ..., 0].numpy() for each in images)
        figure = figures.registration_figure(fixed, moving, registered, predicted, heading)
        yield f"A registration/pair {pair}", figures.figure_to_rgb(figure)
        figure = figures.flow_field_figure(predicted, true, heading)
        yield f"B flow field/pair {pair}", figures.figure_to_rgb(figure)
        of_units = [fields[pair].numpy() for fields in outputs["displacement_fields"]]
        of_levels = None if true_fields is None else [fields[pair].numpy() for fields in true_fields]
        heading += ": displacement field after every unit"
        figure = figures.unit_fields_figure(of_units, of_levels, spacing, heading)
        yield f"C field after every unit/pair {pair}", figures.figure_to_rgb(figure)
