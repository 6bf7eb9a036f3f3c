"""Writes model_zoo.md, the networks that ship, from their cards."""

from __future__ import annotations

import sys
from pathlib import Path

from dirv_tf.metrics.names import FINEST, REDUCTIONS
from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
from dirv_tf.models.weight_files import read_card

PAGE = Path(__file__).with_name("model_zoo.md")
INTRODUCTION = """\
# Model zoo

The networks that come with the package; written from their cards by `python docs/write_model_zoo.py`. `dirv-tf info
NAME` shows a whole card: architecture, data, training, test, versions, checksum.

```python
from dirv_tf.models import load_pretrained, pretrained_names

network = load_pretrained("best-2d")
print(network.count_params(), network.normalization, len(pretrained_names(rank=3)) > 0)
```

`dirv_tf.register(fixed, moving)` chooses by itself: `large-2d` for images and `best-3d` for volumes, where the two
images are of one contrast. A network that is named, `register(fixed, moving, model="A-6")`, is used alone; the one for
images that differ in appearance is `multi-contrast-2d`. Its pairs differ where they fit, too, so that its ΔL_int says
nothing. `large-2d` knows displacements of some twenty pixels, all others of about ten at most.

Each row's test is its own: unseen pairs of the kind that the network was trained on. ΔL_int and ΔL_dis are the shares
of the initial intensity error and of the initial field's error that one pass removes on the finest level, in percent.
So the rows tell what to expect of a network on such images, and **not which network is the best**: that needs the same
pairs for all, as in [the studies](ablations.md) and in [Results](results.md).

The *noise floor*: where no pixel of two images in [0, 1] differs by as much, `register` asks for no field. It is
measured with small known fields (`dirv_tf.registration.measure_noise_floor`), and one gray level of 8 bits, 0.0039, at
most.
"""
UNCERTAINTY = """\
## Uncertainty

[Where not to trust a field](uncertainty.md): these find no field, but say how far any field may be from the truth, in
pixels. The test is that of their run, on unseen pairs with fields that are wrong in many ways; coverage is of the 90 %
interval.
"""
GROUPS = (
    (
        "For use",
        lambda card: card["reference"] is None and (card["network"] == "dirv_net" or _of_two_contrasts(card)),
        "Trained on more than one kind of images, to be used on those of others.",
    ),
    (
        "The thesis's runs",
        lambda card: card["reference"] is not None and card["preset"] is None,
        "With the thesis's numbers of pairs and epochs; what else differs is in [the list](thesis_to_code.md).",
    ),
    (
        "Shorter runs",
        lambda card: card["reference"] is not None and card["preset"] is not None,
        "The same networks from the presets `quick`, `medium` and `long`; [Results](results.md) has the time and the "
        "machine of each.",
    ),
    (
        "Other networks",
        lambda card: card["network"] != "dirv_net" and not _of_two_contrasts(card),
        "[Networks](networks.md) that others published, trained here without true fields, or with them (`supervised`).",
    ),
)


def page() -> str:
    """Return the page as Markdown."""
    cards = {name: read_card(WEIGHTS_FOLDER / name) for name in pretrained_names()}
    judges = {name: read_card(WEIGHTS_FOLDER / name) for name in pretrained_names(task="uncertainty")}
    parts = [INTRODUCTION]
    for title, belongs, sentence in GROUPS:
        rows = [_row(name, card) for name, card in cards.items() if belongs(card)]
        if not rows:
            continue
        columns = (
            "model", "network", "parameters", "trained on", "test ΔL_int / ΔL_dis", "folded", "noise floor", "what",
        )  # fmt: skip
        head = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        parts.append("\n".join([f"## {title}\n", f"{sentence}\n", *head, *rows]) + "\n")
    columns = ("model", "network", "parameters", "trained on", "calibration error", "coverage", "what")
    head = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    parts.append("\n".join([UNCERTAINTY, *head, *(_judge_row(name, card) for name, card in judges.items())]) + "\n")
    return "\n".join(parts)


def _row(name, card):
    measured = card["metrics"]
    reductions = " / ".join(f"{measured[each.key + FINEST]:.1f}" for each in REDUCTIONS)
    cells = (
        f"`{name}`",
        f"{card['network']}, {card['model']['rank']}D",
        f"{card['parameters']:,}",
        _data(card["data"]),
        reductions,
        f"{measured['folded_percent']:.3f} %",
        "–" if card.get("noise_floor") is None else f"{card['noise_floor']:g}",
        card["description"],
    )
    return f"| {' | '.join(cells)} |"


def _of_two_contrasts(card):
    return any(part.get("change_appearance") for part in card["data"].get("parts", [card["data"]]))


def _judge_row(name, card):
    cells = (
        f"`{name}`",
        f"{card['network']}, {card['model']['rank']}D",
        f"{card['parameters']:,}",
        _data(card["data"]),
        f"{card['metrics']['calibration_error']:.3f} px",
        f"{card['metrics']['coverage_90']:.1f} %",
        card["description"],
    )
    return f"| {' | '.join(cells)} |"


def _data(data):
    kinds = dict.fromkeys(part["kind"] for part in data.get("parts", [data]))
    words = {"chessboard": "chessboards", "shapes": "shapes", "folder": "tissue"}
    return f"{' and '.join(words.get(kind, kind) for kind in kinds)}, {' × '.join(map(str, data['size']))}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(int(PAGE.read_text(encoding="utf-8") != page()))
    PAGE.write_text(page(), encoding="utf-8")
    print(f"Written: {PAGE.name}")
