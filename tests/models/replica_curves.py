"""Trains networks in one replica and in two, on virtual processors, and prints both curves; a process of its own."""

import json
import sys

import numpy as np
import tensorflow as tf

from dirv_tf.losses import IntensityLoss
from dirv_tf.metrics import RegistrationErrors
from dirv_tf.models import network_class

processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
random = np.random.default_rng(3)
images = random.random((4, 16, 16, 1), np.float32), random.random((4, 16, 16, 1), np.float32)
field = np.zeros((4, 16, 16, 2), np.float32)
# Two replicas of one family in graphs, compiled; anything else that way would take ten times as long as its few steps.
IN_GRAPHS = ("dirv_net",)
STRATEGIES = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def curves(kind, arguments, rate):
    for strategy in STRATEGIES:
        eager = kind not in IN_GRAPHS or strategy.num_replicas_in_sync == 1
        tf.config.run_functions_eagerly(eager)
        with strategy.scope():
            tf.keras.utils.set_random_seed(1)
            network = network_class(kind)(rank=2, **arguments)
            network.build()
            metrics = [RegistrationErrors(network.levels)]
            network.compile(tf.keras.optimizers.SGD(rate), IntensityLoss(), metrics, run_eagerly=eager)
        # A step per epoch: the second loss tells what the first step has done.
        data = tf.data.Dataset.from_tensor_slices((images, field)).batch(4)
        history = network.fit(data, epochs=2, shuffle=False, verbose=0).history
        yield {key: history[key] for key in ("loss", "l_int", "dl_int_finest")}


print(json.dumps({kind: list(curves(kind, arguments, rate)) for kind, arguments, rate in json.loads(sys.argv[1])}))
