"""YAML as it is read and written here: `2e-4` is a number, and no key may stand twice."""

from __future__ import annotations

import re

import yaml

# A run file has a hundred entries. What an alias stands for counts every time: nine lines can stand for a billion.
MOST_CHARACTERS = 2**20
MOST_ENTRIES = 2**17


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, with the numbers of YAML 1.2 and without silently dropped keys, for texts of a sensible size."""

    def __init__(self, stream):
        super().__init__(stream)
        self._entries = {}

    def compose_node(self, parent, index):
        """Read a node; raises `yaml.YAMLError` when it stands for too many entries, or for itself."""
        mark, is_alias = self.peek_event().start_mark, self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if is_alias and id(node) in self._entries:
            return node
        if is_alias:
            raise yaml.composer.ComposerError(None, None, "an alias stands within what it stands for", mark)
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in parts for part in pair]
        self._entries[id(node)] = 1 + sum(self._entries[id(part)] for part in parts)
        if self._entries[id(node)] > MOST_ENTRIES:
            raise yaml.composer.ComposerError(None, None, f"more than {MOST_ENTRIES:,} entries", mark)
        return node

    def construct_mapping(self, node, deep=False):
        """Build a mapping; raises `yaml.YAMLError` when a key stands twice."""
        found = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in found:
                raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", node.start_mark)
            found.add(key)
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
        Of at most `MOST_CHARACTERS`.

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    yaml.YAMLError
        For text that is no YAML, that gives a key twice, or that is too large or too deep.
    """
    if len(text) > MOST_CHARACTERS:
        raise yaml.YAMLError(f"more than {MOST_CHARACTERS:,} characters")
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError:
        raise
    except Exception as error:
        # PyYAML lets through what Python says of `!!int abc`, of the 31st of February and of 5,000 brackets.
        raise yaml.YAMLError(f"{type(error).__name__}: {str(error)[:200]}") from error


def format_yaml(content):
    """Write plain mappings, lists and scalars as YAML text, keys in their order."""
    return yaml.dump(content, Dumper=_FlatListDumper, sort_keys=False, allow_unicode=True, width=110)
