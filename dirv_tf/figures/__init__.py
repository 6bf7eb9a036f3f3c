"""Pictures of images, fields, potentials and kernels, drawn from NumPy arrays.

Conventions of every picture:

- Array axis 0 points down, array axis 1 points right: nothing is transposed. A field's component 0 moves down,
  component 1 moves right.
- A volume is shown by its central slice across one axis; the numbers beside a picture are of the whole volume.
- Two pictures that invite a comparison (true and predicted, before and after) share one color scale.
- Figures are `matplotlib.figure.Figure` objects without global state: they can be drawn in any thread, need no display
  and are freed with the last reference.
"""

from dirv_tf.figures.canvas import figure_to_rgb, save_figure
from dirv_tf.figures.central_slice import central_slice, drawn_axes, in_plane_components
from dirv_tf.figures.flow_field_figure import flow_field_figure
from dirv_tf.figures.interpolation_error_figure import interpolation_error_figure
from dirv_tf.figures.kernels_figure import kernels_figure
from dirv_tf.figures.learning_curves_figure import learning_curves_figure
from dirv_tf.figures.potentials_figure import potentials_figure
from dirv_tf.figures.refinement_figure import refinement_figure
from dirv_tf.figures.registration_figure import registration_figure
from dirv_tf.figures.thumbnails import pair_thumbnails
from dirv_tf.figures.uncertainty_figure import uncertainty_figure
from dirv_tf.figures.unit_fields_figure import unit_fields_figure
from dirv_tf.figures.volume_planes_figure import volume_planes_figure

__all__ = [
    "central_slice",
    "drawn_axes",
    "figure_to_rgb",
    "flow_field_figure",
    "in_plane_components",
    "interpolation_error_figure",
    "kernels_figure",
    "learning_curves_figure",
    "pair_thumbnails",
    "potentials_figure",
    "refinement_figure",
    "registration_figure",
    "save_figure",
    "uncertainty_figure",
    "unit_fields_figure",
    "volume_planes_figure",
]
