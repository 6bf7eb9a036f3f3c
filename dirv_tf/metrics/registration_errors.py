"""All metrics of a test row as one Keras metric."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf.losses import (
    displacement_errors,
    displacement_level_weights,
    intensity_errors,
    root_mean_square_error,
    true_displacement_fields,
)
from dirv_tf.losses.arguments import check_outputs, refuse_sample_weight
from dirv_tf.losses.displacement import check_true_field
from dirv_tf.losses.targets import true_flow_field
from dirv_tf.metrics.field import endpoint_error
from dirv_tf.metrics.folding import folded_percent
from dirv_tf.metrics.names import level_suffixes, needs_true_field
from dirv_tf.metrics.reduction import reduction

_IMAGES = ("fixed_images", "moving_images", "registered_images")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class RegistrationErrors(tf.keras.metrics.Metric):
    """Losses and reductions per level, averaged as in the thesis and on the finest level, over all pairs seen.

    Parameters
    ----------
    levels : int
        Number of pyramid levels of the network.
    known_fields : bool
        Whether the true fields are known. False: the result has no metrics that need them, and those that are given
        are not used.

    Raises
    ------
    ValueError
        If an argument is none of the above; on updating, if the outputs lack something, have another number of levels
        or do not fit the true field.

    Notes
    -----
    ``update_state(targets, outputs)`` takes the true flow field, alone or in a dictionary (or None: then only metrics
    without it count the pairs), and the outputs of a network: ``flow_field``, ``fixed_images``, ``moving_images``,
    ``registered_images`` and, with a true field, ``displacement_fields``. ``result()`` is a dictionary by the keys of
    `METRIC_NAMES`:

    - ``l_dis`` (px), ``l_int`` (x 255), ``dl_dis``, ``dl_int`` (reductions in percent against the zero field),
      level-averaged as in the thesis (eqs. 26, 27); the same with ``_finest`` for the finest level alone and with
      ``_level0`` … for every level (``l_dis`` then in pixels of that level);
    - ``endpoint_error`` (px) of the dense finest field, ``endpoint_error_initial`` for the zero field;
    - ``folded_percent``: percent of pixels with a Jacobian determinant of at most 0.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.metrics import RegistrationErrors
    >>> images = [(tf.fill([1, 8, 8, 1], value),) for value in (0.0, 1.0, 0.25)]
    >>> outputs = dict(zip(("fixed_images", "moving_images", "registered_images"), images))
    >>> metric = RegistrationErrors(known_fields=False)
    >>> metric.update_state(None, {"flow_field": tf.zeros([1, 8, 8, 2]), **outputs})
    >>> float(metric.result()["dl_int"])
    75.0
    """

    def __init__(self, levels: int = 1, known_fields: bool = True, name: str = "registration_errors", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        if isinstance(levels, bool) or not isinstance(levels, int) or levels < 1:
            raise ValueError(f"`levels` must be a positive integer. Received: levels={levels!r}")
        if not isinstance(known_fields, bool):
            raise ValueError(f"`known_fields` must be True or False. Received: known_fields={known_fields!r}")
        self.levels = levels
        self.known_fields = known_fields
        # Rows: displacement initial and final, intensity initial and final.
        self._sums = self.add_weight(name="sums", shape=(4, levels), initializer="zeros")
        self._field_sums = self.add_weight(name="field_sums", shape=(3,), initializer="zeros")
        self._supervised = self.add_weight(name="supervised", shape=(), initializer="zeros")
        self._count = self.add_weight(name="count", shape=(), initializer="zeros")

    @tf.autograph.experimental.do_not_convert
    def update_state(self, y_true: tf.Tensor | None, y_pred: dict, sample_weight: None = None) -> None:
        refuse_sample_weight(sample_weight, "RegistrationErrors")
        y_true = true_flow_field(y_true)
        supervised = self.known_fields and y_true is not None
        needed = ("flow_field", *_IMAGES, *(("displacement_fields",) if supervised else ()))
        check_outputs(y_pred, needed, "RegistrationErrors")
        self._check_levels(y_pred, needed[1:])
        field = y_pred["flow_field"]
        batch = tf.cast(tf.shape(field)[0], tf.float32)
        fixed, moving, registered = (y_pred[key] for key in _IMAGES)
        intensity = [intensity_errors(fixed, moving), intensity_errors(fixed, registered)]
        displacement = [[tf.zeros_like(errors) for errors in intensity[0]]] * 2
        field_sums = [0.0, 0.0, _sum(folded_percent(field))]
        if supervised:
            check_true_field(y_true, y_pred, "RegistrationErrors")
            fields = y_pred["displacement_fields"]
            true_fields = true_displacement_fields(y_true, fields)
            displacement = [
                [root_mean_square_error(true, tf.zeros_like(true)) for true in true_fields],
                displacement_errors(y_true, fields),
            ]
            field_sums[:2] = [_sum(endpoint_error(y_true, tf.zeros_like(field))), _sum(endpoint_error(y_true, field))]
            self._supervised.assign_add(batch)
        self._sums.assign_add(tf.stack([[_sum(errors) for errors in row] for row in (*displacement, *intensity)]))
        self._field_sums.assign_add(tf.stack(field_sums))
        self._count.assign_add(batch)

    def _check_levels(self, outputs, keys):
        for key in keys:
            if len(outputs[key]) != self.levels:
                raise ValueError(
                    f"the metric was made for {self.levels} level(s); give it the network's number of levels. "
                    f"Received: outputs with {key!r} of {len(outputs[key])} level(s)"
                )

    @tf.autograph.experimental.do_not_convert
    def result(self) -> dict[str, tf.Tensor]:
        sums = tf.convert_to_tensor(self._sums)
        means = tf.math.divide_no_nan(sums, tf.convert_to_tensor(self._count))
        dis_weights = tf.constant(displacement_level_weights(self.levels))
        int_weights = tf.fill([self.levels], 1.0 / self.levels)
        weighted = tf.concat([means[:2] * dis_weights, means[2:] * int_weights], axis=0)
        measured = {}
        columns = [tf.reduce_sum(weighted, axis=1), means[:, -1], *tf.unstack(means, axis=1)]
        for suffix, column in zip(level_suffixes(self.levels), columns):
            dis_initial, dis_final, int_initial, int_final = tf.unstack(column)
            measured[f"l_dis{suffix}"] = dis_final
            measured[f"l_int{suffix}"] = 255 * int_final
            measured[f"dl_dis{suffix}"] = reduction(dis_initial, dis_final)
            measured[f"dl_int{suffix}"] = reduction(int_initial, int_final)
        field_sums = tf.convert_to_tensor(self._field_sums)
        supervised, count = tf.convert_to_tensor(self._supervised), tf.convert_to_tensor(self._count)
        measured["endpoint_error_initial"] = tf.math.divide_no_nan(field_sums[0], supervised)
        measured["endpoint_error"] = tf.math.divide_no_nan(field_sums[1], supervised)
        measured["folded_percent"] = tf.math.divide_no_nan(field_sums[2], count)
        return {key: value for key, value in measured.items() if self.known_fields or not needs_true_field(key)}

    def reset_state(self) -> None:
        for variable in (self._sums, self._field_sums, self._supervised, self._count):
            variable.assign(tf.zeros(variable.shape))

    def get_config(self) -> dict:
        return {**super().get_config(), "levels": self.levels, "known_fields": self.known_fields}


def _sum(values):
    return tf.cast(tf.reduce_sum(values), tf.float32)
