"""Registration of two images given as arrays, in one call: `register(fixed, moving)`."""

from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.registration.accuracy import RegistrationAccuracy, measure_accuracy
from dirv_tf.registration.model_choice import choose_model
from dirv_tf.registration.register import register
from dirv_tf.registration.result import RegistrationResult

__all__ = [
    "RegistrationAccuracy",
    "RegistrationResult",
    "choose_model",
    "load_pretrained",
    "measure_accuracy",
    "pretrained_names",
    "register",
]
