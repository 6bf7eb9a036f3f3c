"""The figures of a test row that need no true field, as one Keras metric."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.metrics.registration_errors import RegistrationErrors

_NEED_TRUE_FIELD = ("l_dis", "dl_dis", "endpoint_error")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class IntensityErrors(RegistrationErrors):
    """`RegistrationErrors` of pairs whose field nobody knows: ``l_int``, ``dl_int`` and ``folded`` alone.

    Parameters
    ----------
    levels : int
        Number of pyramid levels of the model.
    """

    def __init__(self, levels: int = 1, name: str = "intensity_errors", **kwargs):
        super().__init__(levels, name, **kwargs)

    def result(self):
        """Return the figures by name; those that need the true field are not among them."""
        return {name: value for name, value in super().result().items() if not name.startswith(_NEED_TRUE_FIELD)}
