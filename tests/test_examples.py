"""The examples in the docstrings of all public layers and models, and of reading files and maps, work as shown."""

import doctest
import importlib
import pkgutil

import pytest
import tensorflow as tf

from dirv_tf import layers, models
from dirv_tf.models import registry

MODULES = sorted(
    module.name
    for package in (layers, models)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.ispkg
)


@pytest.fixture
def known_networks(monkeypatch):
    """What an example registers is known to that example alone."""
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


OTHERS = (
    "dirv_tf.validation", "dirv_tf.io.html_page", "dirv_tf.io.image_files", "dirv_tf.io.landmark_files",
    "dirv_tf.figures.thumbnails", "dirv_tf.registration.pairs.register_pairs",
    "dirv_tf.io.itk_transforms", "dirv_tf.registration.maps.field_composition", "dirv_tf.registration.maps.field_inversion",
    "dirv_tf.registration.maps.linear_map", "dirv_tf.registration.maps.whole_slides", "dirv_tf.io.slide_blocks",
    "dirv_tf.io.slide_pyramids",
)


@pytest.mark.parametrize("name", [*OTHERS, *MODULES])
def test_examples(name, known_networks):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_every_public_layer_and_model_has_an_example():
    public = [getattr(package, name) for package in (layers, models) for name in package.__all__]
    kinds = [each for each in public if isinstance(each, type) and issubclass(each, tf.keras.layers.Layer)]
    assert len(kinds) >= 15
    assert [each.__name__ for each in kinds if ">>> " not in (each.__doc__ or "")] == []
