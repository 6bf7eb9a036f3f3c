"""`dirv-tf info`: versions, devices, shipped models and their cards."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json

from dirv_tf.cli.command_line import add_command

_OPTIONAL = {"SimpleITK": ("volumes", "NIfTI, MetaImage, NRRD and DICOM files")}
_EPILOG = """\
examples:
  dirv-tf info                  versions, devices, the shipped models
  dirv-tf info A-6              the card of a shipped model: network, data, training, metrics, checksum
  dirv-tf info my_run           the card of your own weights
  dirv-tf info --json           everything, for scripts and bug reports
"""


def add_parser(commands):
    """Add the subcommand to `dirv-tf`."""
    parser = add_command(
        commands,
        "info",
        "versions, devices, shipped models and their cards",
        "Says what is installed and which trained models there are, or shows the card of one model.",
        _EPILOG,
        run,
    )
    parser.add_argument("model", nargs="?", help="name of a shipped model, or folder or file of weights")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options):
    """Print what was asked for.

    Returns
    -------
    int
        Exit status 0.
    """
    if options.model is not None:
        card = _card(options.model)
        print(json.dumps(card, indent=2, ensure_ascii=False) if options.json else "\n".join(_card_lines(card)))
        return 0
    content = _installation()
    print(json.dumps(content, indent=2, ensure_ascii=False) if options.json else "\n".join(_lines(content)))
    return 0


def _card(model):
    from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
    from dirv_tf.models.weight_files import read_card

    return read_card(WEIGHTS_FOLDER / model if model in pretrained_names(task=None) else model)


def _installation():
    from dirv_tf.models.pretrained import WEIGHTS_FOLDER, pretrained_names
    from dirv_tf.models.weight_files import read_card
    from dirv_tf.training.execution.environment import hardware, versions

    optional = {
        name: importlib.metadata.version(name) if importlib.util.find_spec(name) else None for name in _OPTIONAL
    }
    models = {name: read_card(WEIGHTS_FOLDER / name) for name in pretrained_names(task=None)}
    return {"versions": versions(), "optional": optional, "hardware": hardware(), "models": models}


def _lines(content):
    from dirv_tf.training.execution.environment import hardware_line

    versions = dict(content["versions"])
    lines = [f"dirv_tf {versions.pop('dirv_tf')}"]
    lines += [f"  {name:<11} {version}" for name, version in versions.items()]
    for name, version in content["optional"].items():
        extra, purpose = _OPTIONAL[name]
        lines.append(f"  {name:<11} {version or f'not installed, needed for {purpose}: pip install dirv_tf[{extra}]'}")
    memory = content["hardware"]["memory_gib"]
    lines += ["devices", f"  {hardware_line(content['hardware'])}" + (f", {memory} GiB" if memory else "")]
    lines.append("shipped models (ΔL: share of the initial error removed on unseen pairs, finest level)")
    for name, card in content["models"].items():
        lines.append(f"  {name:<11} {_one_line(card)}")
    return [*lines, "  dirv-tf info NAME shows the card of one"]


def _one_line(card):
    """Say what is on a card; a network that nobody tested, or tested on real pairs, has fewer metrics on it."""
    from dirv_tf.metrics.names import FINEST, METRIC_NAMES, REDUCTIONS

    words = [card["network"], f"{card['model'].get('rank', '?')}D", f"{card['parameters']:>7,} parameters"]
    data = card.get("data") or {}
    if "size" in data:
        words.append(f"trained on {'×'.join(map(str, data['size']))} {_images(data)}")
    metrics = card.get("metrics") or {}
    if "calibration_error" in metrics:
        # What it judged says nothing of a network of uncertainty.
        return "  ".join([*words, METRIC_NAMES["calibration_error"].text(metrics["calibration_error"])])
    words += [each.text(metrics[each.key + FINEST], digits=1) for each in REDUCTIONS if each.key + FINEST in metrics]
    return "  ".join(words)


def _images(data):
    """Name the images that a network was trained on."""
    kinds = [part["kind"] for part in data.get("parts", [data])]
    return " and ".join({"chessboard": "chessboards", "shapes": "shapes"}.get(kind, "images") for kind in kinds)


def _card_lines(card, indent=""):
    lines = []
    for key, value in card.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}", *_card_lines(value, indent + "  ")]
        else:
            value = " ".join(map(str, value)) if isinstance(value, list) else value
            text = f"{value:g}" if isinstance(value, float) else value
            lines.append(f"{indent}{key:<{max(1, 26 - len(indent))}} {text}")
    return lines
