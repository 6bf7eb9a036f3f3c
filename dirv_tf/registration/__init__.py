"""Registration of two images, arrays or files, in one call: `register(fixed, moving)`."""

from dirv_tf.models.pretrained import load_pretrained, pretrained_names
from dirv_tf.registration.maps.apply_field import apply_to_image, apply_to_labels, apply_to_landmarks
from dirv_tf.registration.maps.field_composition import compose_fields
from dirv_tf.registration.maps.field_inversion import InverseField, invert_field
from dirv_tf.registration.maps.whole_slides import apply_to_slide
from dirv_tf.registration.networks.model_choice import choose_model
from dirv_tf.registration.networks.noise_floor import measure_noise_floor
from dirv_tf.registration.optimization.coupled_convex import coupled_convex_field
from dirv_tf.registration.optimization.cubic_optimization import optimize_cubic
from dirv_tf.registration.optimization.instance_optimization import OptimizedField, optimize_field
from dirv_tf.registration.optimization.multi_resolution import register_multi_resolution
from dirv_tf.registration.pairs.pair_row import PairRow
from dirv_tf.registration.pairs.register_pairs import register_pairs
from dirv_tf.registration.register import register
from dirv_tf.registration.results.evaluation import RegistrationAccuracy, evaluate_field, measure_accuracy
from dirv_tf.registration.results.result import RegistrationResult
from dirv_tf.registration.results.result_loading import load_result
from dirv_tf.registration.results.uncertainty import sampled_fields, uncertainty

__all__ = [
    "InverseField",
    "OptimizedField",
    "PairRow",
    "RegistrationAccuracy",
    "RegistrationResult",
    "apply_to_image",
    "apply_to_labels",
    "apply_to_landmarks",
    "apply_to_slide",
    "choose_model",
    "compose_fields",
    "coupled_convex_field",
    "evaluate_field",
    "invert_field",
    "load_pretrained",
    "load_result",
    "measure_accuracy",
    "measure_noise_floor",
    "optimize_cubic",
    "optimize_field",
    "pretrained_names",
    "register",
    "register_multi_resolution",
    "register_pairs",
    "sampled_fields",
    "uncertainty",
]
