"""Finds and reads the configuration of a run: one YAML file, a preset of it, single settings on top."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import yaml

from dirv_tf.io.decoding import decoding
from dirv_tf.io.file_paths import file_text
from dirv_tf.training.config.config_sections import read_section
from dirv_tf.training.config.data_settings import DATA_KINDS
from dirv_tf.training.config.run_config import RunConfig, is_weights_path
from dirv_tf.training.config.yaml_text import MOST_CHARACTERS, parse_yaml
from dirv_tf.validation import ConfigError, UnreadableFileError, cut, shown

RUNS_VARIABLE = "DIRV_TF_RUNS"


def runs_folders():
    """Return the folders where runs are looked up by name.

    Those that DIRV_TF_RUNS in the environment names, separated as in PATH, else the working folder.
    """
    named = os.environ.get(RUNS_VARIABLE) or "."
    return tuple(Path(folder) for folder in named.split(os.pathsep) if folder)


def known_runs(folder=None):
    """Return the names of all runs in a folder or in several, by default `runs_folders()`, sorted."""
    return sorted(_files(folder))


def _files(folder):
    """Return the files of runs by their names; a folder that is named first wins."""
    return {path.stem: path for each in reversed(_folders(folder)) for path in Path(each).glob("*.yaml")}


def _folders(folder):
    if folder is None:
        return runs_folders()
    return folder if isinstance(folder, (list, tuple)) else (folder,)


def load_run(name_or_path, preset=None, overrides=None, folder=None):
    """Read and check the configuration of a run.

    Relative paths in the file are taken from the folder of the file, those in `overrides` from the working folder. The
    configuration holds absolute paths, so that a run can be resumed from its copy elsewhere.

    Parameters
    ----------
    name_or_path : str or Path
        The path of a YAML file, or the name of one in `folder`, without its ending.
    preset : str or None
        The name of one of the file's presets, laid over the file's settings.
    overrides : mapping of str or None
        Single settings by their dotted keys, laid over all others, such as `{"training.epochs": 3}`. Here and in
        presets, None takes a setting out.
    folder : str, Path, sequence of them or None
        Where runs are looked up by name; by default `runs_folders()`.

    Returns
    -------
    RunConfig

    Raises
    ------
    ConfigError
        When there is no such run or preset, or a setting is wrong; the text names the file, the key, what is legal and
        what was received.

    Examples
    --------
    >>> load_run("my_run.yaml", overrides={"training.epochs": 3}).training.epochs  # doctest: +SKIP
    3
    """
    path = _find(name_or_path, folder)
    # Whatever a hostile file brings about is an error of the file.
    with decoding(path, "a run file", ConfigError):
        return _checked(path, preset, overrides)


def _checked(path, preset, overrides):
    raw = _read(path)
    presets = raw.pop("presets", None) or {}
    if not isinstance(presets, dict):
        raise ConfigError(
            f"{path}: 'presets' must be a mapping of names to settings. Received: presets={shown(presets)}"
        )
    source = str(path)
    if preset is not None:
        if preset not in presets:
            raise ConfigError(
                f"{path}: there is no preset '{preset}'.{_close(preset, presets)} "
                f"Presets of this run: {cut(', '.join(map(str, list(presets)[:100])), 1000) or 'none'}. "
                f"Received: preset={preset!r}"
            )
        _lay_over(raw, presets[preset], f"{path}: presets.{preset}")
        raw["preset"] = preset
        source += f" with preset {preset}"
    _make_paths_absolute(raw, path.parent)
    for key, value in (overrides or {}).items():
        changes = _nested(key, value)
        _make_paths_absolute(changes, Path())
        _lay_over(raw, changes, f"setting {key}")
    if overrides:
        source += f" with {', '.join(cut(f'{key}={value}', 200) for key, value in overrides.items())}"
    return read_section(RunConfig, raw, source)


def parse_override(text):
    """Read one setting from the command line.

    Parameters
    ----------
    text : str
        `key=value` with a dotted key and a YAML value.

    Returns
    -------
    key : str
    value
        As YAML reads it.

    Raises
    ------
    ConfigError
        When the text has another form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise ConfigError(f"Expected a setting of the form key=value, such as training.epochs=3. Received: {text!r}")
    try:
        return key.strip(), parse_yaml(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"Expected a YAML value for '{key.strip()}', {error}. Received: {text!r}") from None


def _find(name_or_path, folder):
    name = str(name_or_path)
    if not name.endswith((".yaml", ".yml")):
        files = _files(folder)
        # The list is asked, not the disk, because a path such as "../A-6" or "a-6" must not pass by chance.
        if name not in files:
            places = ", ".join(str(Path(each).resolve()) for each in _folders(folder))
            raise ConfigError(
                f"There is no run '{name}'.{_close(name, files)} "
                f"Known runs: {', '.join(sorted(files)) or 'none'} (in {places}); or give the path of a YAML file. "
                f"Received: {name!r}"
            )
        return files[name]
    if not Path(name).is_file():
        raise ConfigError(f"Expected an existing YAML file. Received: {name!r}")
    return Path(name)


def _read(path):
    try:
        raw = parse_yaml(file_text(path, "a run file", MOST_CHARACTERS))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: this is not readable YAML: {cut(str(error), 1000)}") from None
    except UnreadableFileError as error:
        raise ConfigError(str(error)) from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: the file must hold a mapping of keys to values. Received: {shown(raw)}")
    return raw


def _lay_over(base, changes, source):
    if not isinstance(changes, dict):
        raise ConfigError(f"{source}: must be a mapping of keys to values. Received: {shown(changes)}")
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _lay_over(base[key], value, f"{source}.{key}")
        elif value is None and key in base:
            del base[key]
        else:
            base[key] = value


def _make_paths_absolute(raw, folder):
    data = raw.get("data")
    names = {name for kind in DATA_KINDS.values() for name in kind.paths}
    parts = data.get("parts") if isinstance(data, dict) else None
    # What is no mapping and no list, a text that is empty and what is no text are refused later, by their checks.
    for section in (data, *(parts if isinstance(parts, list) else ())):
        for name in names.intersection(section if isinstance(section, dict) else ()):
            if isinstance(section[name], str) and section[name].strip():
                section[name] = _absolute(section[name], folder)
    training = raw.get("training")
    teacher = training.get("teacher") if isinstance(training, dict) else None
    for section, key in ((training, "start_from"), (teacher, "model")):
        name = section.get(key) if isinstance(section, dict) else None
        if isinstance(name, str) and is_weights_path(name.strip()):
            section[key] = _absolute(name, folder)
    if isinstance(teacher, dict) and isinstance(teacher.get("folder"), str) and teacher["folder"].strip():
        teacher["folder"] = _absolute(teacher["folder"], folder)


def _absolute(path, folder):
    return os.path.abspath(folder / Path(path.strip()).expanduser())


def _nested(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def _close(name, known):
    close = difflib.get_close_matches(str(name).upper(), [str(entry).upper() for entry in known], n=1)
    match = next((entry for entry in known if close and str(entry).upper() == close[0]), None)
    return f" Did you mean '{match}'?" if match else ""
