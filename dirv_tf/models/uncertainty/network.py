"""A U-Net that takes a pair and any field for it, and gives the standard deviation of every component."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.bounds import channel_count, pyramid_levels
from dirv_tf.models.convolutions import convolution, max_pooling, repetition
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.models.u_net import build_u_net, rectified_convolution, u_net_outputs
from dirv_tf.models.u_net_sizes import u_net_filters, u_net_reach
from dirv_tf.models.uncertainty.observer import UncertaintyObserver
from dirv_tf.validation import boolean

# The field is seen in units of so many pixels. What is predicted is never smaller than LEAST pixels.
_FIELD_UNIT, LEAST = 10.0, 1e-3
# A quarter of the step of an image of 8 bits: smaller differences say nothing.
_DARK = 1e-3


@register_network
class UncertaintyNetwork(RegistrationNetwork):
    """U-Net from a pair and a field, whatever found it, to the standard deviation of each component of the field.

    It does not register: the field that it is given is the mean of a normal distribution, and its output the standard
    deviation, in pixels. Convolutions of three pixels per axis with leaky rectifiers, maximum pooling, repetition on
    the way up, the features of every size beside those that come up. The output passes a softplus.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    features : int
        Filters at full size; they double with every halving of the image.
    halvings : int
        How often the image is halved.
    warp_moving : bool
        False: the moving image is seen as it is. True: warped by the field, so that what does not fit is seen where it
        is, without searching.
    logarithms : bool
        True, with `warp_moving`: also see the logarithms of the difference of the two images and of the steepness of
        the fixed one. Errors span four orders of magnitude, and so do these.
    spacing, normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    task : str
        "uncertainty": the network is called on three inputs, and `dirv_tf.register` does not take it.
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of ``2**halvings`` and the spacing.

    Raises
    ------
    ValueError
        On construction, for an impossible argument; when called, if the inputs do not fit each other or the network.

    Notes
    -----
    Called on ``(fixed, moving, flow_field)``: images ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1] and a field
    ``(B, n_1, ..., n_r, r)``, backward, pixels, array-axis order. Returns the dictionary of a `RegistrationNetwork` of
    one level whose ``"flow_field"`` is the given one, and ``"standard_deviation"``, ``(B, n_1, ..., n_r, r)``, pixels.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import UncertaintyNetwork
    >>> network = UncertaintyNetwork(rank=2, features=4)
    >>> image, field = tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 2])
    >>> tuple(network((image, image, field))["standard_deviation"].shape)
    (1, 32, 32, 2)
    """

    kind = "uncertainty"
    task = "uncertainty"

    def __init__(
        self,
        rank: int = 2,
        features: int = 16,
        halvings: int = 3,
        warp_moving: bool = False,
        logarithms: bool = False,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rank, dtype=dtype, **kwargs)
        self.features = channel_count()("features", features)
        self.halvings = pyramid_levels()("halvings", halvings)
        self.warp_moving = boolean()("warp_moving", warp_moving)
        self.logarithms = boolean()("logarithms", logarithms)
        if logarithms and not warp_moving:
            raise ValueError(
                "`logarithms` needs `warp_moving=True`: unless the moving image is warped, its difference says little. "
                "Received: logarithms=True, warp_moving=False"
            )
        self.size_multiples = tuple(math.lcm(2**self.halvings, step) for step in self.spacing_per_axis)
        widths = u_net_filters(self.features, self.halvings)
        self.encoder_layers = [rectified_convolution(rank, width, self.layer_policy) for width in widths]
        self.decoder_layers = [rectified_convolution(rank, width, self.layer_policy) for width in reversed(widths[:-1])]
        # Predictions are held in float32, whatever the policy of the features.
        self.last_layer = convolution(rank, rank, dtype=self.dtype_policy.name)
        self.pooling = max_pooling(rank, dtype=self.layer_policy)
        self.repetition = repetition(rank, dtype=self.layer_policy)
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        build_u_net(self, rank, 2 + rank + (2 if logarithms else 0))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        names = "features", "halvings", "warp_moving", "logarithms"
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @property
    def halo(self) -> tuple[int, ...]:
        """How far a pixel of the output looks, without what the field brings in: convolutions of all sizes."""
        # A steepness looks a pixel farther.
        reach = u_net_reach(self.halvings) + self.logarithms
        return geometry.legal_size((reach,) * self.rank, self.size_multiples)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, Any]:
        fixed, moving, field = self.checked_triple(inputs)
        seen = geometry.warp_image(moving, field) if self.warp_moving else moving
        outputs = {"flow_field": field, "standard_deviation": self.judged(fixed, seen, field)}
        if self.warp_moving:
            # What `completed` would compute again.
            outputs["registered_images"] = (seen,)
        return outputs

    def judged(self, fixed: tf.Tensor, seen: tf.Tensor, field: tf.Tensor) -> tf.Tensor:
        """Return the standard deviation of a field: what `call` and `dirv_tf.uncertainty` both use of this family.

        Parameters
        ----------
        fixed, seen : tf.Tensor, shape (B, n_1, ..., n_r, 1)
            Sides as `size_multiples` says; `seen` is the moving image, warped by the field where `warp_moving` is true.
        field : tf.Tensor, shape (B, n_1, ..., n_r, r), pixels

        Returns
        -------
        tf.Tensor, shape (B, n_1, ..., n_r, r), pixels
        """
        values = [fixed, seen, field / _FIELD_UNIT]
        if self.logarithms:
            steepness = tf.norm(geometry.image_gradient(fixed), axis=-1)
            values += [_logarithm(tf.abs(fixed - seen)), _logarithm(steepness)]
        return tf.nn.softplus(tf.cast(u_net_outputs(self, values), field.dtype)) + LEAST

    def observer(self) -> UncertaintyObserver:
        return UncertaintyObserver(self)


def _logarithm(intensities):
    """Return the logarithm of intensities of [0, 1] as numbers of about -1 to 1."""
    return 1 + tf.math.log(intensities + _DARK) / 3
