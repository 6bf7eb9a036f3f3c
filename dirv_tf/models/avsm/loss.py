"""The loss that AVSM is trained with: both directions at once, and that they are inverse to each other."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from dirv_tf import losses
from dirv_tf.losses.arguments import check_outputs, floating_tensor
from dirv_tf.losses.network_loss import NetworkLoss
from dirv_tf.losses.unsupervised import SIMILARITIES
from dirv_tf.validation import integer, number, one_of, optional

# Weight of the affine regularization, C K / (K + exp(n / K)) in epoch n of 200.
_START, _FALL, _EPOCHS = 10.0, 4.0, 200
# Weights of being inverse: of the affine maps, and of the fields in units of the image's sides. The latter is the
# published 1e-4 on a sum over 192 * 192 * 80 voxels, for a mean.
_AFFINE_SYMMETRY, _SYMMETRY = 10.0, 1e-4 * 192 * 192 * 80


@tf.keras.utils.register_keras_serializable(package="dirv_tf")
class AVSMLoss(NetworkLoss):
    """Loss of an `AVSM` without true fields (Shen et al. 2019, equations 2 to 8).

    Of the affine network: dissimilarity of the images plus ``affine_weight(n) * (||A - I||^2 + ||b||^2)``, of both
    directions, plus ten times how far their maps are from being inverse. Of the momentum network the sum over its
    steps: dissimilarity plus `weight` times the energy of the momentum, of both directions, plus 294.9 times how far
    the fields are from being inverse, in units of the image's sides.

    Called as ``loss(None, outputs)`` on what an `AVSM` returns in training when it is compiled with this loss (a true
    field may be given and is not used); gives a scalar.

    Parameters
    ----------
    similarity : {"mk_lncc", "lncc", "ncc", "mse", "mind"}
        See `dirv_tf.losses.image_dissimilarity`.
    weight : float
        Of the energy of momenta.
    symmetry : float
        Factor on both terms of being inverse; 0: none.
    updates : int or None
        Updates of the stage. The weight of the affine regularization falls with them, as it did in the 200 epochs of
        the publication: to less than a thousandth in the first fifth. None: it stays 8.

    Attributes
    ----------
    both_directions : bool
        Of the class: an `AVSM` then also registers in the other direction.

    Raises
    ------
    ValueError
        If an argument is not legal; when called, if the outputs lack what is needed.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from dirv_tf.models import AVSM, AVSMLoss
    >>> network = AVSM(rank=2, affine_size=16, width=0.25)
    >>> network.start_stage("affine", steps=1)
    >>> network.compile(loss=AVSMLoss("mse"))
    >>> images = tf.fill([1, 16, 16, 1], 0.25), tf.fill([1, 16, 16, 1], 0.75)
    >>> float(network.compute_loss(images, None, network(images, training=True)))
    0.5
    """

    both_directions = True

    def __init__(
        self,
        similarity: str = "mk_lncc",
        weight: float = 10.0,
        symmetry: float = 1.0,
        updates: int | None = None,
        name: str = "avsm_loss",
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.similarity = one_of(*SIMILARITIES)("similarity", similarity)
        self.weight = number(low=0)("weight", weight)
        self.symmetry = number(low=0)("symmetry", symmetry)
        self.updates = optional(integer(1))("updates", updates)

    def call(self, y_true: tf.Tensor | None, y_pred: dict) -> tf.Tensor:
        check_outputs(y_pred, ("stage",), "AVSMLoss")
        stage = y_pred["stage"]
        check_outputs(stage, ("fixed", "registered", "matrix", "translation", "reverse"), "AVSMLoss")
        of_pairs = self._of_momenta if "momenta" in stage else self._of_affine
        return tf.reduce_mean(of_pairs(stage, stage["reverse"]))

    def _of_affine(self, stage, reverse):
        maps = [(floating_tensor(each["matrix"]), floating_tensor(each["translation"])) for each in (stage, reverse)]
        progress = 0.0 if self.updates is None else stage["updates"] / self.updates
        deviation = tf.add_n([losses.affine_deviation(*each) for each in maps])
        loss = self._unlike(stage, reverse, "registered") + affine_weight(_EPOCHS * progress) * deviation
        if not self.symmetry:
            return loss
        return loss + self.symmetry * _AFFINE_SYMMETRY * losses.affine_inverse_consistency(*maps)

    def _of_momenta(self, stage, reverse):
        terms = []
        for step in range(len(stage["momenta"])):
            terms.append(self._unlike(stage, reverse, "registered_images", step))
            for each in (stage, reverse):
                energy = losses.momentum_energy(each["momenta"][step], each["velocities"][step])
                terms.append(self.weight * energy)
            if self.symmetry:
                # Forth on the grid of the moving image, back on that of the fixed one.
                fields = reverse["flow_fields"][step], stage["flow_fields"][step]
                left = losses.inverse_consistency(*map(floating_tensor, fields), normalized=True)
                terms.append(self.symmetry * _SYMMETRY * left)
        return tf.add_n(terms)

    def _unlike(self, stage, reverse, key, step=None):
        """Return how unlike the images are, both directions added up."""
        found = [each[key] if step is None else each[key][step] for each in (stage, reverse)]
        fixed, registered = (
            floating_tensor(tf.concat(both, axis=0)) for both in ((stage["fixed"], reverse["fixed"]), found)
        )
        unlike = losses.image_dissimilarity(fixed, registered, self.similarity)
        return tf.reduce_sum(tf.reshape(unlike, [2, -1]), axis=0)

    def get_config(self) -> dict:
        settings = {key: getattr(self, key) for key in ("similarity", "weight", "symmetry", "updates")}
        return {**super().get_config(), **settings}


def affine_weight(epoch: float | tf.Tensor) -> tf.Tensor:
    """Return the weight of the affine regularization in an epoch of 200: 8 at first, 0.26 in epoch 20."""
    # The exponent of a later epoch would be too large for single precision, and the weight is nothing by then.
    return _START * _FALL / (_FALL + tf.exp(tf.minimum(tf.convert_to_tensor(epoch, tf.float32) / _FALL, 80.0)))
