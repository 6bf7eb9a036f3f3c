"""Every public function and method says what it takes and returns."""

import importlib
import inspect

import pytest

PARTS = (
    "datasets", "figures", "geometry", "io", "layers", "losses", "metrics", "models", "registration", "report",
    "synthesis", "validation",
)


def public_functions(part):
    module = importlib.import_module(f"dirv_tf.{part}")
    for name in getattr(module, "__all__", [name for name in dir(module) if not name.startswith("_")]):
        thing = getattr(module, name)
        if not getattr(thing, "__module__", "").startswith("dirv_tf"):
            continue
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for attribute, value in vars(thing).items():
                if inspect.isfunction(value) and (attribute == "__init__" or not attribute.startswith("_")):
                    yield f"{name}.{attribute}", value


@pytest.mark.parametrize("part", PARTS)
def test_public_signatures_are_annotated(part):
    missing = []
    for name, function in public_functions(part):
        signature = inspect.signature(function)
        arguments = [each for each in signature.parameters.values() if each.name != "self"]
        missing += [f"{name}({each.name})" for each in arguments if each.annotation is each.empty]
        if signature.return_annotation is signature.empty and not name.endswith("__init__"):
            missing.append(f"{name} -> ?")
    assert not missing
