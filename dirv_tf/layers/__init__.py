"""Keras layers of registration networks; each works alone in any functional or subclassed Keras model."""

from dirv_tf.layers.binomial_smoothing import BinomialSmoothing
from dirv_tf.layers.control_point_force import ControlPointForce
from dirv_tf.layers.control_point_interpolation import ControlPointInterpolation
from dirv_tf.layers.conv_gru import ConvGRU
from dirv_tf.layers.cost_volume import CostVolume
from dirv_tf.layers.cubic_spline_interpolation import CubicSplineInterpolation
from dirv_tf.layers.data_force import DataForce
from dirv_tf.layers.downsampling import Downsampling
from dirv_tf.layers.field_of_experts import FieldOfExperts
from dirv_tf.layers.image_gradient import ImageGradient
from dirv_tf.layers.multi_gaussian_smoothing import MultiGaussianSmoothing
from dirv_tf.layers.piecewise_linear_potential import PiecewiseLinearPotential
from dirv_tf.layers.upsampling import Upsampling
from dirv_tf.layers.variational_unit import VariationalUnit
from dirv_tf.layers.velocity_integration import VelocityIntegration
from dirv_tf.layers.warp import Warp

__all__ = [
    "BinomialSmoothing",
    "ControlPointForce",
    "ControlPointInterpolation",
    "ConvGRU",
    "CostVolume",
    "CubicSplineInterpolation",
    "DataForce",
    "Downsampling",
    "FieldOfExperts",
    "ImageGradient",
    "MultiGaussianSmoothing",
    "PiecewiseLinearPotential",
    "Upsampling",
    "VariationalUnit",
    "VelocityIntegration",
    "Warp",
]
