"""All figures of a test row as one Keras metric."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.losses.level_errors import (
    check_flow_field,
    check_outputs,
    displacement_errors,
    displacement_level_weights,
    intensity_errors,
    root_mean_square_error,
    true_displacement_fields,
)
from dirv_tf.metrics.field_quality import endpoint_error, folded_share, reduction


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class RegistrationErrors(tf.keras.metrics.Metric):
    """Losses and reductions per level, averaged as in the thesis and on the finest level, over all pairs seen.

    Parameters
    ----------
    levels : int
        Number of pyramid levels of the model.

    Notes
    -----
    ``update_state(flow_field, outputs)`` takes the true flow field (or None: then only intensity figures) and what a
    `DIRVNet` returns. ``result()`` is a dictionary:

    - ``l_dis`` (px), ``l_int`` (x 255), ``dl_dis``, ``dl_int`` (reductions in percent against the zero field),
      level-averaged as in the thesis (eqs. 26, 27); the same with ``_finest`` for the finest level alone and with
      ``_level0`` … for every level (``l_dis`` then in pixels of that level);
    - ``endpoint_error`` (px) of the dense finest field, ``endpoint_error_initial`` for the zero field;
    - ``folded``: percent of pixels with a Jacobian determinant of at most 0.
    """

    def __init__(self, levels: int = 1, name: str = "registration_errors", **kwargs):
        super().__init__(name=name, **kwargs)
        if isinstance(levels, bool) or not isinstance(levels, int) or levels < 1:
            raise ValueError(f"`levels` must be a positive integer. Received: levels={levels!r}")
        self.levels = levels
        # Rows: displacement initial and final, intensity initial and final.
        self._sums = self.add_weight(name="sums", shape=(4, levels), initializer="zeros")
        self._field_sums = self.add_weight(name="field_sums", shape=(3,), initializer="zeros")
        self._supervised = self.add_weight(name="supervised", shape=(), initializer="zeros")
        self._count = self.add_weight(name="count", shape=(), initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        check_outputs(y_pred, "y_pred")
        if len(y_pred["displacement_fields"]) != self.levels:
            raise ValueError(
                f"the metric was made for {self.levels} level(s); give it the model's number of levels. "
                f"Received: outputs of {len(y_pred['displacement_fields'])} level(s)"
            )
        field = y_pred["flow_field"]
        batch = tf.cast(tf.shape(field)[0], tf.float32)
        zeros = [tf.zeros_like(errors) for errors in intensity_errors(y_pred)]
        initial_displacement = final_displacement = zeros
        field_sums = [0.0, 0.0, tf.reduce_sum(folded_share(field))]
        if y_true is not None:
            check_flow_field(y_true, y_pred)
            true_fields = true_displacement_fields(y_true, y_pred["displacement_fields"])
            initial_displacement = [root_mean_square_error(true, tf.zeros_like(true)) for true in true_fields]
            final_displacement = displacement_errors(y_true, y_pred)
            field_sums[:2] = [
                tf.reduce_sum(endpoint_error(y_true, tf.zeros_like(y_true))),
                tf.reduce_sum(endpoint_error(y_true, field)),
            ]
            self._supervised.assign_add(batch)
        initial_intensity = [
            root_mean_square_error(fixed, moving)
            for fixed, moving in zip(y_pred["fixed_images"], y_pred["moving_images"])
        ]
        rows = [initial_displacement, final_displacement, initial_intensity, intensity_errors(y_pred)]
        self._sums.assign_add(tf.stack([[tf.reduce_sum(errors) for errors in row] for row in rows]))
        self._field_sums.assign_add(tf.stack(field_sums))
        self._count.assign_add(batch)

    def result(self):
        sums = tf.convert_to_tensor(self._sums)
        means = tf.math.divide_no_nan(sums, tf.convert_to_tensor(self._count))
        dis_weights = tf.constant(displacement_level_weights(self.levels))
        int_weights = tf.fill([self.levels], 1.0 / self.levels)
        figures = {}

        def add(suffix, dis_initial, dis_final, int_initial, int_final):
            figures[f"l_dis{suffix}"] = dis_final
            figures[f"l_int{suffix}"] = 255 * int_final
            figures[f"dl_dis{suffix}"] = reduction(dis_initial, dis_final)
            figures[f"dl_int{suffix}"] = reduction(int_initial, int_final)

        weighted = tf.concat([means[:2] * dis_weights, means[2:] * int_weights], axis=0)
        add("", *tf.unstack(tf.reduce_sum(weighted, axis=1)))
        add("_finest", *tf.unstack(means[:, -1]))
        for level in range(self.levels):
            add(f"_level{level}", *tf.unstack(means[:, level]))
        field_sums = tf.convert_to_tensor(self._field_sums)
        supervised, count = tf.convert_to_tensor(self._supervised), tf.convert_to_tensor(self._count)
        figures["endpoint_error_initial"] = tf.math.divide_no_nan(field_sums[0], supervised)
        figures["endpoint_error"] = tf.math.divide_no_nan(field_sums[1], supervised)
        figures["folded"] = tf.math.divide_no_nan(field_sums[2], count)
        return figures

    def reset_state(self):
        for variable in (self._sums, self._field_sums, self._supervised, self._count):
            variable.assign(tf.zeros(variable.shape))

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}
