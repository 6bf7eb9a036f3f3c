"""YAML as it is read and written here: `2e-4` is a number, and no key may stand twice."""

from __future__ import annotations

import re

import yaml


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, with the numbers of YAML 1.2 and without silently dropped keys."""

    def construct_mapping(self, node, deep=False):
        """Build a mapping; raises `yaml.YAMLError` when a key stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


class _FlatListDumper(yaml.SafeDumper):
    """The safe writer, with lists on one line: they are sizes and ranges."""

    def represent_list(self, items):
        """Write a list as `[a, b]`."""
        return self.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


# YAML 1.1 asks for a dot and a sign in the exponent, so that it reads 2e-4 as a text.
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
_FlatListDumper.add_representer(list, _FlatListDumper.represent_list)


def parse_yaml(text):
    """Read YAML text.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    yaml.YAMLError
        For text that is no YAML, or that gives a key twice.
    """
    return yaml.load(text, Loader=_StrictLoader)


def format_yaml(content):
    """Write plain mappings, lists and scalars as YAML text, keys in their order."""
    return yaml.dump(content, Dumper=_FlatListDumper, sort_keys=False, allow_unicode=True, width=110)
