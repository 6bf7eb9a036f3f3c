"""One battery for the losses of what is drawn on the images: what a Keras user may expect of any of them."""

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import losses
from dirv_tf.losses.targets import annotation

CASES = {
    "LabelLoss": lambda: losses.LabelLoss(),
    "LabelLoss of boxes": lambda: losses.LabelLoss("mse", boxes=True, name="boxes"),
    "LandmarkLoss": lambda: losses.LandmarkLoss(),
    "MaskedLoss": lambda: losses.MaskedLoss("ncc"),
    "SmoothnessLoss": lambda: losses.SmoothnessLoss("bending"),
    "WeightedLosses": lambda: losses.WeightedLosses(
        [losses.UnsupervisedLoss("mse"), losses.LabelLoss("mse"), losses.DisplacementLoss()], [1.0, 0.5, 0.1]
    ),
}


def targets_and_outputs(rank, rng, batch=2):
    size = (8, 12, 8)[:rank]
    fixed, moving = rng.random((2, batch, *size, 1)), rng.random((batch, *size, 1))
    field = rng.normal(size=(batch, *size, rank))
    labels = {key: (rng.random((batch, *size, 2)) < 0.3).astype(float) for key in ("fixed", "moving")}
    points = {key: rng.uniform(1, 6, (batch, 3, rank)) for key in ("fixed", "moving")}
    targets = {
        "flow_field": rng.normal(size=field.shape),
        "labels": labels,
        "landmarks": {**points, "weights": np.array([[1.0, 1, 0]] * batch), "pixel_size": np.ones((batch, rank))},
        "mask": (rng.random((batch, *size, 1)) < 0.7).astype(float),
    }
    outputs = {
        "flow_field": field,
        "displacement_fields": (rng.normal(size=(batch, 1, *(side // 4 for side in size), rank)),),
        "fixed_images": (fixed[0],),
        "registered_images": (moving,),
    }
    return tf.nest.map_structure(lambda values: tf.constant(values, tf.float32), (targets, outputs))


@pytest.fixture(params=sorted(CASES))
def make(request):
    return CASES[request.param]


def test_configurations_and_serialization(make, rng):
    loss = make()
    again = tf.keras.utils.deserialize_keras_object(tf.keras.utils.serialize_keras_object(loss))
    assert type(again) is type(loss) and again.name == loss.name
    targets, outputs = targets_and_outputs(2, rng)
    assert float(again(targets, outputs)) == float(loss(targets, outputs))
    with pytest.raises(ValueError, match="weighs all pairs alike. Received: sample_weight=1"):
        loss(targets, outputs, 1)


def test_graphs_of_unknown_batch_size_and_compiled_ones_agree(make, rng):
    loss = make()
    targets, outputs = targets_and_outputs(3, rng)
    specs = tf.nest.map_structure(
        lambda values: tf.TensorSpec([None, *values.shape[1:]], values.dtype), (targets, outputs)
    )
    expected = float(loss(targets, outputs))
    assert float(tf.function(loss, input_signature=list(specs))(targets, outputs)) == pytest.approx(expected, rel=1e-5)
    assert float(tf.function(loss, jit_compile=True)(targets, outputs)) == pytest.approx(expected, rel=1e-5)


def test_half_precision_is_summed_in_single_precision(make, rng):
    halves = tf.nest.map_structure(lambda values: tf.cast(values, tf.bfloat16), targets_and_outputs(2, rng))
    rounded = tf.nest.map_structure(lambda values: tf.cast(values, tf.float32), halves)
    found = make()(*halves)
    assert found.dtype == tf.float32 and float(found) == pytest.approx(float(make()(*rounded)), rel=1e-5)


def test_a_weighted_sum_is_one_and_hands_on_what_networks_ask_for(rng):
    targets, outputs = targets_and_outputs(2, rng)
    parts = [losses.LabelLoss(), losses.MaskedLoss("ncc")]
    expected = 2 * float(parts[0](targets, outputs)) + 0.5 * float(parts[1](targets, outputs))
    summed = losses.WeightedLosses(parts, [2.0, 0.5])
    assert float(summed(targets, outputs)) == pytest.approx(expected)
    assert summed.similarity == "ncc" and not summed.both_directions
    assert losses.WeightedLosses([losses.IntensityLoss()], [1]).similarity == "mse"
    assert losses.WeightedLosses([losses.LabelLoss()], [1]).similarity is None
    with pytest.raises(ValueError, match=r"one weight for every loss. Received: 2 losses, weights=\[1.0\]"):
        losses.WeightedLosses(parts, [1.0])


def test_what_is_missing_is_named(rng):
    targets, outputs = targets_and_outputs(2, rng)
    with pytest.raises(ValueError, match="LabelLoss needs 'labels' in the targets.*Received: targets of 'mask'"):
        losses.LabelLoss()({"mask": targets["mask"]}, outputs)
    with pytest.raises(ValueError, match="LandmarkLoss needs 'landmarks'.*Received: targets of NoneType"):
        losses.LandmarkLoss()(None, outputs)
    with pytest.raises(ValueError, match="MaskedLoss needs 'registered_images' in the outputs"):
        losses.MaskedLoss()(targets, {"fixed_images": outputs["fixed_images"]})
    with pytest.raises(ValueError, match="a dictionary of 'fixed', 'moving'. Received: labels without 'moving'"):
        annotation({"labels": {"fixed": 0}}, "labels", "It")


@pytest.mark.parametrize("loss", [losses.DisplacementLoss(), losses.CombinedLoss(), losses.UnsupervisedLoss()])
def test_losses_of_fields_take_them_from_the_targets(loss, rng):
    targets, outputs = targets_and_outputs(2, rng)
    assert float(loss(targets, outputs)) == float(loss(targets["flow_field"], outputs))
    if not isinstance(loss, losses.UnsupervisedLoss):
        with pytest.raises(ValueError, match="needs the true flow field"):
            loss({"mask": targets["mask"]}, outputs)
