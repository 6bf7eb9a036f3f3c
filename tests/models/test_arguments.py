"""What a layer or model was made with can be read from it, by the names of its arguments."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from dirv_tf import layers, models


def as_base(network):
    """Return the argument `base` of a network that holds this one, with all that it says."""
    of_the_whole = {"rank", "normalization", *tf.keras.Model().get_config(), "name", "trainable", "dtype"}
    return {"kind": network.kind, **{key: value for key, value in network.get_config().items() if key not in of_the_whole}}


OF_UNITS = {
    "experts": 3,
    "kernel_sizes": (5, 3),
    "knots": 6, "knot_range": (-0.4, 0.6),
    "spacing": 2,
    "centered": False, "step_size_scale": 2.0, "squarings": 3,
}
OF_ROUNDS = {"rounds": 3, "tolerance": 0.1, "stop_rule": "standard_deviation"}
# Two values of every argument, so that no default can be mistaken for what was given.
CASES = {
    "BinomialSmoothing": [{"order": 1}, {"order": None}],
    "ControlPointForce": [{"spacing": 2}, {"spacing": (4, 2)}],
    "ControlPointInterpolation": [{"spacing": 2}, {"spacing": (4, 2)}],
    "CounterpartNetwork": [
        {
            "base": as_base(models.VoxelMorph(2, encoder=(2, 2), decoder=(2, 2), last=(2,))),
            "rank": 2, "features": 3, "halvings": 2, "fills": 2, "joint": False, "normalization": "each",
        },
        {
            "base": as_base(models.DIRVNet(3, levels=1, units=1, experts=2)),
            "rank": 3, "features": 2, "halvings": 1, "fills": 0, "joint": True, "normalization": None,
        },
    ],
    "ConvGRU": [{"hidden": 3, "kernel_size": 5}, {"hidden": 2, "kernel_size": 1}],
    "CostVolume": [{"radius": 2, "measure": "ssd"}, {"radius": 1, "measure": "sad_box"}],
    "CubicSplineInterpolation": [{"spacing": 2, "border": "replicate"}, {"spacing": (4, 2), "border": "zero"}],
    "DataForce": [{"spacing": 2}, {"spacing": (4, 2)}],
    "Downsampling": [{"displacements": True}, {"displacements": False}],
    "FieldOfExperts": [
        {
            "experts": 3,
            "kernel_size": 5,
            "knots": 8,
            "knot_range": (-0.4, 0.6),
            "centered": True,
            "kernel_initializer": tf.keras.initializers.Zeros(),
            "knot_initializer": tf.keras.initializers.Ones(),
        },
        {
            "experts": 2,
            "kernel_size": (5, 3),
            "knots": 7,
            "knot_range": (-0.5, 0.5),
            "centered": False,
            "kernel_initializer": None,
            "knot_initializer": None,
        },
    ],
    "ImageGradient": [{}],
    "MultiGaussianSmoothing": [
        {"deviations": (0.1,), "gaussian_weights": (1.0,), "boundary": "reflect", "side": 24},
        {"deviations": (0.2, 0.3), "gaussian_weights": (0.5, 0.25), "boundary": "periodic", "side": None},
    ],
    "PiecewiseLinearPotential": [
        {"knots": 8, "knot_range": (-0.4, 0.6), "centered": True, "initializer": tf.keras.initializers.Ones()},
        {"knots": 7, "knot_range": (-0.5, 0.5), "centered": False, "initializer": None},
    ],
    "Upsampling": [{"displacements": True, "method": "linear"}, {"displacements": False, "method": "nearest"}],
    "VariationalUnit": [
        OF_UNITS,
        {**OF_UNITS, "experts": (2, 3), "kernel_sizes": 3, "spacing": (4, 2), "centered": True},
    ],
    "VelocityIntegration": [{"squarings": 3}, {"squarings": 0}],
    "Warp": [{}],
    "PyramidLevel": [
        {"units": 2, **OF_UNITS, "checkpoint_units": True},
        {"units": 1, **OF_UNITS, "experts": (2, 3), "spacing": (4, 2), "checkpoint_units": False},
    ],
    "RegistrationNetwork": [
        {"rank": 3, "spacing": 2, "normalization": "each"},
        {"rank": 2, "spacing": (4, 2), "normalization": None},
    ],
    "AVSM": [
        {
            "rank": 2,
            "affine_size": 16,
            "affine_steps": 2,
            "affine_order": "right",
            "width": 0.125,
            "momentum_steps": 1,
            "integrator": "advection",
            "integration_steps": 10,
            "deviations": (0.1,),
            "gaussian_weights": (1.0,),
            "boundary": "reflect",
            "zero_start": False,
            "native_side": 48,
            "kernel_initializer": "he_uniform",
            "spacing": (4, 2),
            "normalization": "each",
        },
        {
            "rank": 3,
            "affine_size": 32,
            "affine_steps": 1,
            "affine_order": "left",
            "width": 0.0625,
            "momentum_steps": 2,
            "integrator": "squaring",
            "integration_steps": 5,
            "deviations": (0.2, 0.3),
            "gaussian_weights": (0.5, 0.25),
            "boundary": "periodic",
            "zero_start": True,
            "native_side": None,
            "kernel_initializer": "glorot_uniform",
            "spacing": 2,
            "normalization": None,
        },
    ],
    "DIRVNet": [
        {
            "rank": 2,
            "levels": 2,
            "units": 1,
            **OF_UNITS,
            "field_upsampling": "linear",
            "checkpoint_units": True,
            "separate_levels": True,
            "normalization": "joint",
        },
        {
            "rank": 3,
            "levels": 2,
            "units": (1, 2),
            **OF_UNITS,
            "experts": (2, 1),
            "kernel_sizes": 3,
            "spacing": (2, 4, 2),
            "field_upsampling": "nearest",
            "checkpoint_units": False,
            "separate_levels": False,
            "normalization": None,
        },
    ],
    "DLIR": [
        {
            "rank": 2,
            "affine_resolution": 4,
            "spline_resolutions": (2, 1),
            "spline_spacings": (2, 4),
            "filters": 3,
            "hidden": 2,
            "downsampling": "strided",
            "border": "zero",
            "combine": "compose",
            "zero_start": False,
            "kernel_initializer": "he_uniform",
            "spacing": (4, 2),
            "normalization": "each",
        },
        {
            "rank": 3,
            "affine_resolution": 0,
            "spline_resolutions": (1,),
            "spline_spacings": (8,),
            "filters": 2,
            "hidden": 3,
            "downsampling": "pool",
            "border": "replicate",
            "combine": "add",
            "zero_start": True,
            "kernel_initializer": "glorot_uniform",
            "spacing": 2,
            "normalization": None,
        },
    ],
    "RWCNet": [
        {
            "rank": 2, "resolutions": (2, 1), "steps": (2, 3), "radii": 2, "features": 6, "hidden": 5,
            "blocks": (1, 2), "flow_kernel": 5, "measure": "ssd", "cost_gradient": False, "use_correlation": True,
            "patches": False, "dropout": 0.25, "zero_start": False, "spacing": (4, 2), "normalization": "each",
        },
        {
            "rank": 3, "resolutions": (4,), "steps": 2, "radii": (1,), "features": 4, "hidden": 3, "blocks": (1,),
            "flow_kernel": 3, "measure": "sad_box", "cost_gradient": True, "use_correlation": False,
            "patches": True, "dropout": 0.5, "zero_start": True, "spacing": 2, "normalization": None,
        },
    ],
    "UncertaintyNetwork": [
        {"rank": 2, "features": 3, "halvings": 2, "warp_moving": True, "logarithms": True, "spacing": (4, 2), "normalization": "each"},
        {"rank": 3, "features": 2, "halvings": 1, "warp_moving": False, "logarithms": False, "spacing": 2, "normalization": None},
    ],
    "VoxelMorph": [
        {
            "rank": 2,
            "encoder": (3, 4), "decoder": (2, 3), "last": (2,),
            "squarings": 7,
            "field_scale": 2, "passes": 2, "features": "self_similarity",
            "spacing": (4, 2),
            "normalization": "each",
        },
        {
            "rank": 3,
            "encoder": (2,), "decoder": (4,), "last": (3, 2),
            "squarings": 0,
            "field_scale": 1, "passes": 2, "features": "self_similarity",
            "spacing": 2,
            "normalization": None,
        },
    ],
    "RecurrentRefinement": [dict.fromkeys(("composed", "per_image"), False) | OF_ROUNDS],
}
# Keras 3 lists all of them for a layer without arguments of its own.
KERAS_S_OWN = {"name", "dtype", "trainable", *inspect.signature(tf.keras.layers.Layer.__init__).parameters}


def public_classes():
    everything = {name: getattr(layers, name) for name in layers.__all__}
    everything.update((name, getattr(models, name)) for name in models.__all__)
    return {
        name: value
        for name, value in everything.items()
        if isinstance(value, type) and issubclass(value, tf.keras.layers.Layer)
    }


def own_arguments(kind):
    """Names of the arguments of a class, with those that it hands on to a class of the library above it."""
    names = set()
    for each in kind.__mro__:
        if not each.__module__.startswith("dirv_tf") or "__init__" not in vars(each):
            continue
        parameters = inspect.signature(each.__init__).parameters.values()
        names |= {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    if kind is models.CounterpartNetwork:
        # That of the network it holds.
        names.remove("spacing")
    return names - KERAS_S_OWN


def build(made):
    if made.built:
        return
    if isinstance(made, (layers.VariationalUnit, models.PyramidLevel)):
        made.build(((None, 8, 8, 1), (None, 8, 8, 1), (None, 2, 2, 2)))
    elif isinstance(made, layers.ConvGRU):
        made.build(((None, 8, 8, made.hidden), (None, 8, 8, 1)))
    elif not isinstance(made, models.RegistrationNetwork):
        made.build((None, 8, 8, 2))


def completed(kind, arguments):
    if kind is models.RecurrentRefinement:
        return {"network": models.DIRVNet(levels=1, units=1, experts=1), **arguments}
    return arguments


def test_every_public_layer_and_model_is_tried():
    assert set(CASES) == set(public_classes())


@pytest.mark.parametrize("name, arguments", [(name, each) for name, cases in CASES.items() for each in cases])
def test_every_argument_is_an_attribute_with_its_value(name, arguments):
    kind = public_classes()[name]
    arguments = completed(kind, arguments)
    assert set(arguments) == own_arguments(kind)
    made = kind(**arguments)
    for argument, value in arguments.items():
        assert getattr(made, argument) == value, argument
    # Building does not put something else in their place.
    build(made)
    assert all(getattr(made, argument) == value for argument, value in arguments.items())


@pytest.mark.parametrize("name, arguments", [(name, each) for name, cases in CASES.items() for each in cases])
def test_the_config_holds_the_arguments_and_nothing_else(name, arguments):
    kind = public_classes()[name]
    config = kind(**completed(kind, arguments)).get_config()
    assert set(config) - KERAS_S_OWN == own_arguments(kind)
    plain = {key: value for key, value in arguments.items() if not isinstance(value, tf.keras.initializers.Initializer)}
    assert {key: config[key] for key in plain} == plain


def test_variables_have_names_of_their_own():
    layer = layers.FieldOfExperts(experts=3, kernel_size=5, knots=8)
    layer.build((None, 8, 8, 2))
    assert layer.knots == layer.potential.knots == 8
    assert tuple(np.shape(layer.potential.knot_values)) == (6, 8)
    level = models.PyramidLevel(units=2, experts=1)
    assert [unit.name for unit in level.variational_units] == ["unit0", "unit1"]
