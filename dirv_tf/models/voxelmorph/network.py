"""VoxelMorph: a U-Net that predicts a flow field, or a velocity field that is integrated to one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.layers import Warp
from dirv_tf.models.bounds import channel_count, repetitions
from dirv_tf.models.convolutions import build_chain, convolution, max_pooling, repetition
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.models.registry import register_network
from dirv_tf.models.voxelmorph.decoder_length import fitting_lengths
from dirv_tf.models.voxelmorph.features import FEATURES, SELF_SIMILARITY, feature_count, feature_reach
from dirv_tf.validation import list_of, one_of

# Slope of the rectifiers for negative values, and how wide the weights of the field's layer are drawn.
_SLOPE, _FIRST_FIELD = 0.2, 1e-5
# What halving and doubling the field adds to the reach of a pixel.
_REACH_OF_RESAMPLING = 4


@register_network
class VoxelMorph(RegistrationNetwork):
    """U-Net that takes the pair and gives the field at every pixel (Balakrishnan et al. 2019, Dalca et al. 2019).

    Convolutions of three pixels per axis with leaky rectifiers, maximum pooling, repetition on the way up, the
    encoder's features beside the decoder's at every size, and a layer for the field that starts near zero. The defaults
    are the widths of the published package: 109,170 parameters for images, 327,331 for volumes.

    Parameters
    ----------
    rank : {2, 3}
        Number of spatial axes.
    encoder, decoder : sequence of int
        Filters of the convolution at every size, from the finest to the coarsest and back; equally many. With a
        `field_scale` of 2 the decoder may have one less: it ends at half the size.
    last : sequence of int
        Filters of the convolutions before that of the field, at the size at which the decoder ends.
    squarings : int
        0: the last layer gives the flow field. Otherwise it gives a velocity, which is integrated with so many
        squarings, see `geometry.exponential`; 7 in the diffeomorphic form.
    field_scale : {1, 2}
        2: the field is smoothed, integrated at every second pixel, where its smoothness is measured as well, and
        enlarged linearly, as in the diffeomorphic form.
    features : {"intensities", "self_similarity"}
        What the U-Net sees of each image: its intensities, or in their place `geometry.self_similarity`, which is the
        same whatever the contrast, for images that differ in appearance.
    passes : int
        How often the pair is registered, by the same weights: from the second pass on, the U-Net sees the moving image
        as it is registered so far, and its field is composed with the one before (Zhao et al. 2019, with one cascade).
    spacing, normalization, dtype
        As of `RegistrationNetwork`.

    Attributes
    ----------
    size_multiples : tuple of int
        Every image side must be a multiple of this number (per axis): a common one of ``2**len(encoder)`` and the
        spacing.

    Raises
    ------
    ValueError
        As of `RegistrationNetwork`; on construction, unless the lengths of encoder and decoder fit.

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns the dictionary of
    a `RegistrationNetwork` of one level; its entry ``"stage"`` holds what `dirv_tf.losses.UnsupervisedLoss` looks at.
    Of several passes, the fields of all are smoothed alike, and the registered image is that of the last.

    References
    ----------
    Balakrishnan et al., "VoxelMorph: a learning framework for deformable medical image registration", IEEE
    Transactions on Medical Imaging 38, 2019. Dalca et al., "Unsupervised learning of probabilistic diffeomorphic
    registration for images and surfaces", Medical Image Analysis 57, 2019. Zhao et al., "Recursive cascaded
    networks for unsupervised medical image registration", ICCV 2019.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import VoxelMorph
    >>> network = VoxelMorph(rank=2)
    >>> network.count_params()
    109170
    >>> tuple(network((tf.zeros([1, 32, 32, 1]), tf.zeros([1, 32, 32, 1])))["flow_field"].shape)
    (1, 32, 32, 2)
    """

    kind = "voxelmorph"
    free_arguments = ("passes",)
    later_arguments: ClassVar[dict[str, Any]] = {"passes": 1, "features": "intensities"}

    def __init__(
        self,
        rank: int = 2,
        encoder: Sequence[int] = (16, 32, 32, 32),
        decoder: Sequence[int] = (32, 32, 32, 32),
        last: Sequence[int] = (32, 16, 16),
        squarings: int = 0,
        field_scale: int = 1,
        passes: int = 1,
        features: str = "intensities",
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(rank, dtype=dtype, **kwargs)
        widths = list_of(channel_count(), longest=16)
        self.encoder = widths("encoder", encoder)
        self.decoder = widths("decoder", decoder)
        self.last = widths("last", last)
        self.squarings = repetitions(0)("squarings", squarings)
        self.field_scale = one_of(1, 2)("field_scale", field_scale)
        self.passes = repetitions(1)("passes", passes)
        self.features = one_of(*FEATURES)("features", features)
        if not fitting_lengths(self.encoder, self.decoder, self.field_scale):
            raise ValueError(
                f"`encoder` and `decoder` must hold equally many numbers, or `decoder` one less with a `field_scale` "
                f"of 2. Received: encoder={encoder!r}, decoder={decoder!r}, field_scale={field_scale}"
            )
        self._ends_at_half = len(self.decoder) < len(self.encoder)
        self.size_multiples = tuple(math.lcm(2 ** len(self.encoder), step) for step in self.spacing_per_axis)
        # The field is held in float32, whatever the policy of the features.
        own_policy = self.dtype_policy.name
        start = tf.keras.initializers.RandomNormal(stddev=_FIRST_FIELD)
        self.encoder_layers, self.decoder_layers, self.last_layers = (
            [self._rectified(filters) for filters in part] for part in (self.encoder, self.decoder, self.last)
        )
        self.field_layer = convolution(rank, rank, kernel_initializer=start, dtype=own_policy)
        self.pooling = max_pooling(rank, dtype=self.layer_policy)
        self.repetition = repetition(rank, dtype=self.layer_policy)
        self.warp = Warp(dtype=own_policy)
        # No variable depends on the image size, so the model is ready (to count, load or save weights) at once.
        channels = build_chain(self.encoder_layers, rank, 2 * feature_count(self.features, rank))
        for layer, skipped in zip(self.decoder_layers, reversed(self.encoder)):
            channels = build_chain([layer], rank, channels) + skipped
        build_chain([*self.last_layers, self.field_layer], rank, channels)
        for layer in (self.pooling, self.repetition, self.warp):
            layer.build((None, *(None,) * rank, None))
        self.built = True

    def _rectified(self, filters):
        return convolution(self.rank, filters, kernel_initializer="he_normal", dtype=self.layer_policy)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": self.encoder,
            "decoder": self.decoder,
            "last": self.last,
            "squarings": self.squarings,
            "field_scale": self.field_scale,
            "passes": self.passes,
            "features": self.features,
        }

    @property
    def halo(self) -> tuple[int, ...]:
        """How far a pixel of the field looks: convolutions, poolings and repetitions of all sizes, in every pass."""
        sizes = [2**level for level in range(len(self.encoder))]
        # Poolings and repetitions move a pixel by less than a cell of the coarsest grid, one way and the other.
        coarsest = 2 ** len(self.encoder)
        last_size = 2 if self._ends_at_half else 1
        decoded = sum(2 * size for size in sizes if size >= last_size)
        reach = sum(sizes) + decoded + 2 * (coarsest - 1) + (len(self.last) + 1) * last_size
        reach += _REACH_OF_RESAMPLING * (self.field_scale - 1) + feature_reach(self.features)
        return geometry.legal_size((self.passes * reach,) * self.rank, self.size_multiples)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, Any]:
        fixed, moving = self.checked_pair(inputs)
        seen = self._seen(fixed)
        flow_field, field = self._fields(seen, self._seen(moving))
        registered, fields = self.warp((moving, flow_field)), [field]
        for _ in range(self.passes - 1):
            again, field = self._fields(seen, self._seen(registered))
            flow_field = geometry.compose(flow_field, again)
            registered = self.warp((moving, flow_field))
            fields.append(field)
        return {
            "flow_field": flow_field,
            "displacement_fields": (geometry.sample_control_points(flow_field, self.spacing_per_axis)[:, tf.newaxis],),
            "fixed_images": (fixed,),
            "moving_images": (moving,),
            "registered_images": (registered,),
            # The mean over a batch is one over all passes.
            "stage": {"fixed": fixed, "registered": registered, "field": tf.concat(fields, axis=0)},
        }

    def _seen(self, image):
        """Return what the U-Net sees of an image."""
        return geometry.self_similarity(image) if self.features == SELF_SIMILARITY else image

    def _fields(self, fixed, moving):
        """Return the flow field of one pass, and what the U-Net gave."""
        values = tf.concat([moving, fixed], axis=-1)
        skipped = []
        for layer in self.encoder_layers:
            values = tf.nn.leaky_relu(layer(values), _SLOPE)
            skipped.append(values)
            values = self.pooling(values)
        for layer in self.decoder_layers:
            values = self.repetition(tf.nn.leaky_relu(layer(values), _SLOPE))
            values = tf.concat([values, skipped.pop()], axis=-1)
        for layer in self.last_layers:
            values = tf.nn.leaky_relu(layer(values), _SLOPE)
        field = self.field_layer(values)
        if self.field_scale == 2 and not self._ends_at_half:
            field = geometry.downsample_displacement_field(field)
        flow_field = geometry.exponential(field, self.squarings)
        if self.field_scale == 2:
            flow_field = geometry.upsample_displacement_field(flow_field, "linear")
        return flow_field, field
