"""The paths of images in the section `data` of a run."""

from __future__ import annotations


def change_paths(settings, mapping, change):
    """Change the paths of images in a data section, and in the parts of a mixture.

    Parameters
    ----------
    settings : one of the classes of `DATA_KINDS`
    mapping : dict
        The same settings as `RunConfig.as_mapping` gives them; changed in place.
    change : callable
        From a path to the one that takes its place.
    """
    for name in set(settings.paths).intersection(mapping):
        mapping[name] = change(mapping[name])
    for part, part_mapping in zip(getattr(settings, "parts", ()), mapping.get("parts", ())):
        change_paths(part, part_mapping, change)
