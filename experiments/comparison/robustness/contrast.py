"""The sheet of pairs that differ in appearance: the network for them, with and without optimization, and `register`."""

from __future__ import annotations

from dirv_tf.training.execution.environment import hardware_line
from experiments.comparison.pair_sets import Pairs
from experiments.comparison.robustness.tissue import IMAGES, tissue_pairs
from experiments.comparison.robustness.variants import VARIANTS

NETWORK = "multi-contrast-2d"
# What no network was trained on, by fields and noise of which nothing was tuned.
_UNSEEN = tuple(name for name in IMAGES if name.startswith(("sections/lung_lesion", "sections/nuclei")))
_SEED = 113
_CHANGES = (
    "clean", "moving x 0.6", "gamma 2", "bias field ±30 %", "inverted", "noise 0.1", "blur 1.5 px",
)
CONTRAST_VARIANTS = tuple(variant for variant in VARIANTS if variant.name in _CHANGES)
_TITLES = {
    "network": "the network alone",
    "optimized": "network, then optimization",
    "fast": "`register`, fast",
    "default": "`register`",
    "best-2d": "best-2d alone",
}


def contrast_pairs(count: int) -> Pairs:
    """Draw pairs of tissue that was never trained on, 128 x 128 pixels; see `tissue_pairs`.

    Parameters
    ----------
    count : int

    Returns
    -------
    Pairs
    """
    return tissue_pairs(count, seed=_SEED, images=_UNSEEN)


def contrast_columns(network=NETWORK) -> dict[str, dict]:
    """Return the settings of `register` in each column.

    Parameters
    ----------
    network : str or RegistrationNetwork
        The one in the place of `NETWORK`.

    Returns
    -------
    dict of dict
    """
    return {
        "network": {"model": network},
        "optimized": {"model": network, "optimize": True},
        "fast": {"effort": "fast"},
        "default": {"effort": "default"},
        "best-2d": {"model": "best-2d"},
    }


def contrast_page(record: dict) -> str:
    """Write a record down as a Markdown page."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    machine = f"{record['date']}, {hardware_line(record['hardware'])}; {versions}."
    size = " x ".join(map(str, record["size"]))
    what = f"{record['pairs']} pairs of {size}, network {record['network']}. {EXPLANATION}"
    return "\n".join(["# Pairs that differ in appearance", "", machine, "", what, "", contrast_table(record)])


EXPLANATION = (
    "Share of the endpoint error that is removed, in percent, and seconds of processor time per pair (the median)."
)


def contrast_table(record: dict) -> str:
    """Return one row per change of appearance, a column per method: what was removed, and the time."""
    names = list(record["variants"][0]["columns"])
    titles = ["change of the moving image", *(_TITLES.get(name, name) for name in names)]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for row in record["variants"]:
        measured = (row["columns"][name] for name in names)
        cells = [f"{each['removed_percent']:.1f} ({each['cpu_seconds']:.2f} s)" for each in measured]
        lines.append(f"| {' | '.join([row['name'], *cells])} |")
    shares = [[row["columns"][name]["removed_percent"] for row in record["variants"]] for name in names]
    lines.append(f"| mean | {' | '.join(f'{sum(each) / len(each):.1f}' for each in shares)} |")
    folded = [max(row["columns"][name]["folded_percent"] for row in record["variants"]) for name in names]
    lines.append(f"| folded pixels %, most | {' | '.join(f'{each:.3f}' for each in folded)} |")
    return "\n".join(lines) + "\n"
