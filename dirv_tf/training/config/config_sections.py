"""Reads a raw mapping into a dataclass of settings, strictly: no unknown key, no wrong type, nothing left out."""

from __future__ import annotations

import dataclasses
import difflib

from dirv_tf.validation import ConfigError, cut, shown

_MAY_BE_NULL = {"section", "list_of", "list_of_kinds"}


def section(settings_class, **default):
    """Declare a dataclass field that is a dataclass of settings itself; with ``default=None`` it may also be null."""
    return dataclasses.field(metadata={"section": settings_class}, **default)


def section_by_kind(kinds, **default):
    """Declare a dataclass field that is one of several dataclasses of settings, chosen by its key `kind`.

    Parameters
    ----------
    kinds : mapping of type
        Dataclasses by kind; the first one is meant where the key is missing.
    **default
        ``default=…`` for a section that may be left out.
    """
    return dataclasses.field(metadata={"kinds": kinds}, **default)


def sections_by_kind(kinds, inherited=(), **default):
    """Declare a dataclass field that is a tuple of such sections, which take over some keys of the one around them.

    Parameters
    ----------
    kinds : dict of type
        As of `section_by_kind`.
    inherited : tuple of str
        Keys of the section around them that hold for each of them, where it does not say otherwise.
    **default
        ``default=None`` for a list that may be left out.
    """
    return dataclasses.field(metadata={"list_of_kinds": kinds, "inherited": inherited}, **default)


def sections(settings_class, **default):
    """Declare a dataclass field that is a tuple of dataclasses of settings; with ``default=None`` it may be null."""
    return dataclasses.field(metadata={"list_of": settings_class}, **default)


def read_section(settings_class, raw, source, path=""):
    """Build a settings dataclass from a raw mapping.

    Parameters
    ----------
    settings_class : type
        Dataclass whose fields were declared by `setting`, `section`, `sections`, `section_by_kind` and
        `sections_by_kind`.
    raw
        What the YAML file holds at this place.
    source : str
        Where the values come from, for errors.
    path : str
        Dotted path of keys down to this section.

    Returns
    -------
    settings_class

    Raises
    ------
    ConfigError
        For an unknown or missing key or a value that is not legal.
    """
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{source}: '{path or 'the file'}' must be a mapping of keys to values. Received: {shown(raw)}"
        )
    fields = {field.name: field for field in dataclasses.fields(settings_class) if field.init}
    for key in raw:
        if key not in fields:
            raise ConfigError(
                f"{source}: {unknown_key(_join(path, key), key, fields)} Received: {cut(key)}={shown(raw[key])}"
            )
    values = {}
    for name, field in fields.items():
        key = _join(path, name)
        if name not in raw:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ConfigError(f"{source}: key '{key}' is missing; legal is {_legal(field)}.")
        elif raw[name] is None and field.default is None and _MAY_BE_NULL & set(field.metadata):
            values[name] = None
        elif "section" in field.metadata:
            values[name] = read_section(field.metadata["section"], raw[name], source, key)
        elif "kinds" in field.metadata:
            chosen = _section_of_kind(field.metadata["kinds"], raw[name], source, key)
            values[name] = read_section(chosen, raw[name], source, key)
        elif "list_of_kinds" in field.metadata:
            values[name] = _read_sections_of_kinds(field.metadata, raw, name, source, key)
        elif "list_of" in field.metadata:
            places = _places(raw[name], source, key)
            values[name] = tuple(read_section(field.metadata["list_of"], entry, source, at) for at, entry in places)
        else:
            values[name] = _read_setting(field.metadata["check"], raw[name], source, key)
    try:
        return settings_class(**values)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def unknown_key(path, key, known):
    """Return the sentence that says that a key is unknown, which it may have been, and which there are."""
    # Comparing takes long, and no key is long.
    close = difflib.get_close_matches(str(key), list(known), n=1) if isinstance(key, str) and len(key) < 100 else ()
    meant = f" Did you mean '{close[0]}'?" if close else ""
    return f"unknown key '{path}'.{meant} Legal keys here: {', '.join(known)}."


def _places(entries, source, path):
    """Return the entries of a list of mappings with their places."""
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{source}: '{path}' must be a list of mappings. Received: {path}={shown(entries)}")
    return [(f"{path}[{number}]", entry) for number, entry in enumerate(entries)]


def _read_sections_of_kinds(metadata, raw, name, source, path):
    shared = {key: raw[key] for key in metadata["inherited"] if key in raw}
    found = []
    for place, entry in _places(raw[name], source, path):
        entry = {**shared, **entry}
        chosen = _section_of_kind(metadata["list_of_kinds"], entry, source, place)
        found.append(read_section(chosen, entry, source, place))
    return tuple(found)


def _section_of_kind(kinds, raw, source, path):
    kind = raw.get("kind", next(iter(kinds))) if isinstance(raw, dict) else next(iter(kinds))
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(
            f"{source}: '{path}.kind' must be one of {', '.join(kinds)}. Received: {path}.kind={shown(kind)}"
        )
    return kinds[kind]


def _read_setting(check, value, source, key):
    try:
        return check.read(value)
    except ValueError:
        raise ConfigError(f"{source}: '{key}' must be {check.legal}. Received: {key}={shown(value)}") from None


def _legal(field):
    if {"list_of_kinds", "list_of"} & set(field.metadata):
        return "a list of mappings"
    return field.metadata["check"].legal if "check" in field.metadata else "a mapping"


def _join(path, key):
    return f"{path}.{cut(key)}" if path else cut(key)
