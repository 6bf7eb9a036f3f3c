"""The smallest network that keeps the contract; `test_network_contract.py` does everything with it."""

import tensorflow as tf

from dirv_tf.models import RegistrationNetwork, register_network


@register_network
class ToyNetwork(RegistrationNetwork):
    """Two convolutions of the pair, the second one giving the field."""

    kind = "toy"

    def __init__(self, rank=2, channels=4, reach=1.5, **kwargs):
        super().__init__(rank, **kwargs)
        self.channels, self.reach = channels, reach
        convolution = {2: tf.keras.layers.Conv2D, 3: tf.keras.layers.Conv3D}[rank]
        self.features = convolution(channels, 3, padding="same", activation="tanh")
        self.field = convolution(rank, 3, padding="same")

    def call(self, inputs):
        fixed, moving = self.checked_pair(inputs)
        return {"flow_field": self.reach * self.field(self.features(tf.concat([fixed, moving], axis=-1)))}

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "reach": self.reach}
