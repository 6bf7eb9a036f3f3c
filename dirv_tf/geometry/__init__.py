"""Pure tensor functions on channel-last 2D and 3D images and fields, one code path for both.

Images are ``(B, n_1, ..., n_r, C)``. Flow fields ``(B, n_1, ..., n_r, r)`` and displacement fields hold pixels of
the level they live on; component ``i`` is a displacement along array axis ``i``. Warping is backward.
"""

from dirv_tf.geometry.affine import (
    affine_flow_field,
    affine_matrix,
    compose_affine,
    normalized_to_pixels,
    pixels_to_normalized,
    rotation_matrices,
)
from dirv_tf.geometry.average_pooling import average_pool
from dirv_tf.geometry.compiled import for_any_shape, graph_for_any_shape
from dirv_tf.geometry.composition import compose, invert
from dirv_tf.geometry.control_points import (
    control_point_force,
    data_force,
    interpolate_control_points,
    linear_smoothing_kernel,
    sample_control_points,
)
from dirv_tf.geometry.cost_volume import cost_volume
from dirv_tf.geometry.cubic_spline import cubic_spline_field
from dirv_tf.geometry.expert_convolution import expert_convolution, expert_kernel, transposed_expert_convolution
from dirv_tf.geometry.gaussian_rows import apply_rows, gaussian_rows, neighbor_correlations
from dirv_tf.geometry.gradient import image_gradient, jacobian_determinant
from dirv_tf.geometry.multi_gaussian import multi_gaussian_smoothing
from dirv_tf.geometry.padding import check_legal_size, crop_to_size, legal_size, pad_to_multiple
from dirv_tf.geometry.patches import join_patches, split_patches
from dirv_tf.geometry.piecewise_linear import piecewise_linear, piecewise_linear_integral
from dirv_tf.geometry.point_inversion import warp_points_inverse
from dirv_tf.geometry.resampling import (
    FIELD_UPSAMPLINGS,
    downsample_displacement_field,
    downsample_image,
    linear_upsampling,
    resize_field,
    resize_image,
    upsample_displacement_field,
    upsample_image,
)
from dirv_tf.geometry.sampling import sample_linear
from dirv_tf.geometry.self_similarity import self_similarity
from dirv_tf.geometry.smoothing import binomial_smoothing
from dirv_tf.geometry.velocity import advect, exponential, integrate_control_points
from dirv_tf.geometry.warp import identity_grid, warp_image, warp_labels, warp_points
from dirv_tf.geometry.window_sums import window_sums

__all__ = [
    "FIELD_UPSAMPLINGS",
    "advect",
    "affine_flow_field",
    "affine_matrix",
    "apply_rows",
    "average_pool",
    "binomial_smoothing",
    "check_legal_size",
    "compose",
    "compose_affine",
    "control_point_force",
    "cost_volume",
    "crop_to_size",
    "cubic_spline_field",
    "data_force",
    "downsample_displacement_field",
    "downsample_image",
    "expert_convolution",
    "expert_kernel",
    "exponential",
    "for_any_shape",
    "gaussian_rows",
    "graph_for_any_shape",
    "identity_grid",
    "image_gradient",
    "integrate_control_points",
    "interpolate_control_points",
    "invert",
    "jacobian_determinant",
    "join_patches",
    "legal_size",
    "linear_smoothing_kernel",
    "linear_upsampling",
    "multi_gaussian_smoothing",
    "neighbor_correlations",
    "normalized_to_pixels",
    "pad_to_multiple",
    "piecewise_linear",
    "piecewise_linear_integral",
    "pixels_to_normalized",
    "resize_field",
    "resize_image",
    "rotation_matrices",
    "sample_control_points",
    "sample_linear",
    "self_similarity",
    "split_patches",
    "transposed_expert_convolution",
    "upsample_displacement_field",
    "upsample_image",
    "warp_image",
    "warp_labels",
    "warp_points",
    "warp_points_inverse",
    "window_sums",
]
