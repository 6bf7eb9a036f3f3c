"""The smallest network of uncertainty that keeps the contract; `test_judge_contract.py` does everything with it."""

import tensorflow as tf

from dirv_tf.models import RegistrationNetwork, register_network


@register_network
class ToyJudge(RegistrationNetwork):
    """Two convolutions of the pair and the field, the second one giving the standard deviation."""

    kind = "toy_judge"
    task = "uncertainty"
    # What both convolutions look at; in tiles, rounded up to what a side must be a multiple of.
    halo = (2, 2)

    def __init__(self, rank=2, channels=4, **kwargs):
        super().__init__(rank, **kwargs)
        self.channels = channels
        convolution = {2: tf.keras.layers.Conv2D, 3: tf.keras.layers.Conv3D}[rank]
        self.features = convolution(channels, 3, padding="same", activation="tanh")
        self.deviation = convolution(rank, 3, padding="same", activation="softplus")

    def call(self, inputs):
        fixed, moving, field = self.checked_triple(inputs)
        features = self.features(tf.concat([fixed, moving, 0.1 * field], axis=-1))
        return {"flow_field": field, "standard_deviation": self.deviation(features)}

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}
