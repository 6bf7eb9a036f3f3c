"""What a run writes on the card of its weights: enough to test them again without the run's folder."""

from __future__ import annotations

import datetime
from pathlib import Path

from dirv_tf.training.config.common_data_settings import change_paths
from dirv_tf.training.config.run_config import is_weights_path


def weights_card(config, measured, reference, found):
    """Return the card of a run's weights, but for what `save_weights_file` says about the network itself.

    Parameters
    ----------
    config : RunConfig
    measured : dict
        Test metrics by name.
    reference : dict or None
        With `source`, `split` and `metrics`, see `ReferenceSettings`.
    found : dict
        With `versions` and `hardware`.

    Returns
    -------
    dict
        `run`, `preset`, `description`; the run's settings `data`, `training`, `seeds` and `evaluation`; `metrics`,
        `reference`, `input` (how images are brought to [0, 1]), `date`, `versions`, `hardware`.
    """
    settings = config.as_mapping()
    # Weights are passed on; where their images lay on the disk is nobody's business.
    change_paths(config.data, settings["data"], lambda path: Path(path).name)
    if config.training.start_from:
        settings["training"]["start_from"] = Path(config.training.start_from).name
    if config.training.teacher:
        teacher = settings["training"]["teacher"]
        teacher["folder"] = Path(teacher["folder"]).name
        if is_weights_path(teacher.get("model", "")):
            teacher["model"] = Path(teacher["model"]).name
    return {
        "run": config.name,
        "preset": config.preset,
        "description": config.description,
        **{key: settings[key] for key in ("data", "training", "seeds", "evaluation")},
        "metrics": measured,
        "reference": reference,
        "input": {"normalization": config.data.normalization},
        "date": datetime.date.today().isoformat(),
        **found,
    }
