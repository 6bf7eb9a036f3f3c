"""Registration repeated on the registered image, as long as it helps."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import geometry
from dirv_tf.models.bounds import repetitions
from dirv_tf.models.registration_network import RegistrationNetwork
from dirv_tf.validation import boolean, number, one_of

STOP_RULES = ("intensity_error", "standard_deviation")


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class RecurrentRefinement(tf.keras.Model):
    """Register, then register the registered image again, as long as that brings the images closer (thesis 5.8).

    A round that does not bring an image closer, by the measure of `stop_rule`, is discarded, and the image is finished.
    So by that measure an image is never left worse than it came: where even the first round does not help, its field
    is zero.

    Parameters
    ----------
    network : RegistrationNetwork
        The trained network. The refinement has no weights of its own: to train, train the network.
    rounds : int
        Most rounds; the first is the plain registration.
    tolerance : float
        The share of an image's measure that a round must remove to count, from 0 to below 1. A larger one saves the
        last, fruitless rounds.
    composed : bool
        True: every round warps the original moving image once, by the composition of all fields so far. False: every
        round warps the registered image of the round before, as in the thesis, which blurs it each time.
    per_image : bool
        True: every image of the batch stops on its own, and those that have stopped cost nothing. False: the whole
        batch goes on or stops by its mean, the thesis's faster and less exact way.
    stop_rule : {"intensity_error", "standard_deviation"}
        What a round must lower: the mean absolute difference of the two images, which is their intensity error (eq.
        26), or the standard deviation of their difference over the pixels, as in the thesis. The second does not see a
        difference that is the same everywhere.

    Raises
    ------
    ValueError
        On construction, for an impossible number of rounds, tolerance or rule; when called, as its network, except that
        images of any size are taken (padded by edge replication at the far ends, results cropped back).

    Notes
    -----
    Called on ``(fixed, moving)``, both ``(B, n_1, ..., n_r, 1)`` with intensities in [0, 1]. Returns a dictionary:

    - ``"flow_field"``: ``(B, n_1, ..., n_r, r)``, the composed backward field of all rounds, pixels, array-axis order;
    - ``"registered"``: ``(B, n_1, ..., n_r, 1)``;
    - ``"rounds"``: ``(B,)``, int32, the rounds that were kept;
    - ``"l_int"``: ``(B, 2)``, the intensity error (eq. 26) of the finest level before and after, times 255.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import DIRVNet, RecurrentRefinement
    >>> refinement = RecurrentRefinement(DIRVNet(rank=2, levels=1, units=2, experts=4), rounds=3)
    >>> outputs = refinement((tf.zeros([1, 30, 32, 1]), tf.zeros([1, 30, 32, 1])))
    >>> tuple(outputs["flow_field"].shape), int(outputs["rounds"][0])
    ((1, 30, 32, 2), 0)
    """

    def __init__(
        self,
        network: RegistrationNetwork,
        rounds: int = 10,
        tolerance: float = 0.0,
        composed: bool = True,
        per_image: bool = True,
        stop_rule: str = "intensity_error",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.network = network
        self.rounds = repetitions()("rounds", rounds)
        self.tolerance = number(0, below=1)("tolerance", tolerance)
        self.composed = boolean()("composed", composed)
        self.per_image = boolean()("per_image", per_image)
        self.stop_rule = one_of(*STOP_RULES)("stop_rule", stop_rule)
        # Which images go on is known at run time only, and XLA compiles programs of fixed shapes (read by Keras 3).
        self.supports_jit = False
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "network": tf.keras.utils.serialize_keras_object(self.network),
            "rounds": self.rounds,
            "tolerance": self.tolerance,
            "composed": self.composed,
            "per_image": self.per_image,
            "stop_rule": self.stop_rule,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RecurrentRefinement:
        return cls(**{**config, "network": tf.keras.utils.deserialize_keras_object(config["network"])})

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: the variables are the network's, which exist since its construction."""
        self.built = True

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        fixed, moving = self._checked(inputs)
        before = self._measure(fixed, moving)
        going = tf.ones_like(before, tf.bool)
        state = (
            tf.constant(0),
            going,
            tf.zeros_like(before, tf.int32),
            before,
            moving,
            tf.repeat(tf.zeros_like(moving), moving.shape.rank - 2, axis=-1),
        )
        _, _, rounds, _, registered, flow_field = tf.while_loop(
            lambda round_number, going, *_: tf.reduce_any(going) & (round_number < self.rounds),
            lambda round_number, *state: (round_number + 1, *self._round(fixed, moving, *state)),
            state,
        )
        return {
            "flow_field": flow_field,
            "registered": registered,
            "rounds": rounds,
            "l_int": 255 * tf.stack([_intensity_errors(fixed, image) for image in (moving, registered)], axis=-1),
        }

    def _measure(self, fixed, registered):
        """Return what is to fall from round to round, of each image, (B,)."""
        measure = _intensity_errors if self.stop_rule == "intensity_error" else _standard_deviations
        return measure(fixed, registered)

    def _checked(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(
                f"a RecurrentRefinement is called on the pair (fixed, moving). Received: {type(inputs).__name__}"
            )
        fixed, moving = (tf.convert_to_tensor(image) for image in inputs)
        if not fixed.shape.is_compatible_with(moving.shape):
            raise ValueError(
                f"`fixed` and `moving` must have the same shape. "
                f"Received: fixed.shape={fixed.shape}, moving.shape={moving.shape}"
            )
        return fixed, moving

    def _round(self, fixed, moving, going, rounds, measures, registered, flow_field):
        """Register the images that still go on once more, and keep what became better."""
        numbers, chosen = _chosen(going)
        fixed, moving, old_measures, old_registered, old_field = (
            tf.gather(values, chosen) for values in (fixed, moving, measures, registered, flow_field)
        )
        step = flow_field_of_any_size(self.network, fixed, old_registered)
        new_field = geometry.compose(old_field, step)
        new_registered = (
            geometry.warp_image(moving, new_field) if self.composed else geometry.warp_image(old_registered, step)
        )
        new_measures = self._measure(fixed, new_registered)
        if self.per_image:
            better = new_measures < (1 - self.tolerance) * old_measures
        else:
            mean_is_better = tf.reduce_mean(new_measures) < (1 - self.tolerance) * tf.reduce_mean(old_measures)
            better = tf.fill(tf.shape(new_measures), mean_is_better)
        better = better[: tf.size(numbers)]
        kept = tf.boolean_mask(numbers, better)[:, tf.newaxis]

        def update(values, new_values):
            return tf.tensor_scatter_nd_update(values, kept, tf.boolean_mask(new_values[: tf.size(numbers)], better))

        ones = tf.ones_like(kept[:, 0])
        return (
            tf.scatter_nd(kept, ones, tf.shape(rounds)) > 0,
            tf.tensor_scatter_nd_add(rounds, kept, ones),
            update(measures, new_measures),
            update(registered, new_registered),
            update(flow_field, new_field),
        )


def _intensity_errors(fixed, registered):
    """L_int of each image, (B,): with one channel, the root mean square over channels is the absolute value."""
    return tf.reduce_mean(tf.abs(registered - fixed), axis=list(range(1, fixed.shape.rank)))


def _standard_deviations(fixed, registered):
    """Return the standard deviation of the difference of each pair over its pixels, (B,)."""
    return tf.math.reduce_std(registered - fixed, axis=list(range(1, fixed.shape.rank)))


def _chosen(going):
    """Numbers of the images that go on, (K,), and the same numbers filled up to a batch of a power of two.

    The parts of a network that XLA compiles are compiled anew for every batch size; powers of two keep the sizes few.
    """
    numbers = tf.cast(tf.where(going)[:, 0], tf.int32)
    powers = tf.constant([2**exponent for exponent in range(31)])
    count = tf.size(numbers)
    power = tf.gather(powers, tf.searchsorted(powers, count[tf.newaxis])[0])
    positions = tf.minimum(tf.range(tf.minimum(power, tf.size(going))), count - 1)
    return numbers, tf.gather(numbers, positions)


def flow_field_of_any_size(network, fixed, moving):
    """Register images whose sides need not be multiples of `network.size_multiples`.

    They are padded by edge replication at the far ends, and the field is cropped back. Cropping is exact: the padding
    repeats the border, which is what a clamped sample of the unpadded image gives.

    Parameters
    ----------
    network : RegistrationNetwork
    fixed, moving : tf.Tensor, shape (B, n_1, ..., n_r, 1)
        Intensities in [0, 1].

    Returns
    -------
    tf.Tensor, shape (B, n_1, ..., n_r, r)
        Backward flow field, pixels, array-axis order.
    """
    size = fixed.shape[1:-1]
    if not size.is_fully_defined():
        size = tf.unstack(tf.shape(fixed)[1:-1])
    padded = tuple(geometry.pad_to_multiple(image, network.size_multiples) for image in (fixed, moving))
    return geometry.crop_to_size(network(padded)["flow_field"], size)
