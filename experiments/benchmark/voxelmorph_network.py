"""VoxelMorph's network: one U-Net that predicts a flow field at once."""

from __future__ import annotations

import tensorflow as tf

from dirv_tf.layers import Warp

ENCODER = (16, 32, 32, 32)
DECODER = (32, 32, 32, 32)
LAST = (32, 16, 16)
PARAMETERS = 109_170
# Weight of the smoothness of the field beside the mean square difference of the images, as in VoxelMorph.
SMOOTHNESS = 0.01


def voxelmorph_network():
    """Build the U-Net of VoxelMorph's defaults in 2D, with its warp, compiled for its unsupervised training.

    Leaky rectifiers of slope 0.2, max pooling, nearest-neighbor upsampling, skip connections, a 3 x 3 flow layer;
    109,170 parameters (Balakrishnan et al. 2019; the widths are the package's since its version 0.1). Without the
    integration of a velocity field, which would add time. Warped by dirv_tf's own layer.

    Returns
    -------
    tf.keras.Model
        From ``(fixed, moving)``, ``(B, n_1, n_2, 1)`` with sides that are multiples of 16, to the registered image and
        the flow field; trained with Adam on the mean square difference plus the squared gradient of the field.
    """
    fixed, moving = tf.keras.Input((None, None, 1)), tf.keras.Input((None, None, 1))
    values = tf.keras.layers.Concatenate()([moving, fixed])
    skipped = []
    for width in ENCODER:
        values = _convolution(values, width)
        skipped.append(values)
        values = tf.keras.layers.MaxPooling2D(2)(values)
    for width in DECODER:
        values = tf.keras.layers.UpSampling2D(2, interpolation="nearest")(_convolution(values, width))
        values = tf.keras.layers.Concatenate()([values, skipped.pop()])
    for width in LAST:
        values = _convolution(values, width)
    start = tf.keras.initializers.RandomNormal(stddev=1e-5)
    flow_field = tf.keras.layers.Conv2D(2, 3, padding="same", kernel_initializer=start)(values)
    network = tf.keras.Model([fixed, moving], [Warp()((moving, flow_field)), flow_field])
    network.compile(
        tf.keras.optimizers.Adam(1e-4), loss=["mse", _squared_gradient], loss_weights=[1.0, SMOOTHNESS]
    )
    return network


def _convolution(values, width):
    filtered = tf.keras.layers.Conv2D(width, 3, padding="same", kernel_initializer="he_normal")(values)
    # Not the layer, whose argument is named differently in the two versions of Keras.
    return tf.keras.layers.Activation(_leaky_rectifier)(filtered)


def _leaky_rectifier(values):
    return tf.nn.leaky_relu(values, 0.2)


def _squared_gradient(unused, flow_field):
    down = tf.square(flow_field[:, 1:] - flow_field[:, :-1])
    right = tf.square(flow_field[:, :, 1:] - flow_field[:, :, :-1])
    return (tf.reduce_mean(down, axis=[1, 2, 3]) + tf.reduce_mean(right, axis=[1, 2, 3])) / 2
