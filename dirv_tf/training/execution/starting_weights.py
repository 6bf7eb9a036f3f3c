"""The trained weights that a run starts from, where it does not start from chance."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from dirv_tf.models import pretrained_names
from dirv_tf.models.pretrained import WEIGHTS_FOLDER
from dirv_tf.models.weight_files import WeightFileError, load_weights_file, read_card
from dirv_tf.training.config.run_config import is_weights_path
from dirv_tf.validation import ConfigError


@dataclasses.dataclass(frozen=True)
class StartingWeights:
    """Weights that fit the network of a run.

    Attributes
    ----------
    name : str
        What the run calls them: a shipped network, or the last part of a path.
    card : dict
        What the weights' card says.
    values : dict of str to np.ndarray
        By the paths of variables in the network of the run.
    """

    name: str
    card: dict
    values: dict

    def record(self):
        """Return what a run's record keeps of them: `name`, `run`, `preset`, `sha256`."""
        return {"name": self.name, "run": self.card.get("run"), "preset": self.card.get("preset"),
                "sha256": self.card["sha256"]}

    def give_to(self, model):
        """Give the network of the run these weights."""
        variables = model.named_variables()
        for path, value in self.values.items():
            variables[path].assign(value)


def starting_weights(config):
    """Find the weights that a run starts from, and check that they fit its network.

    Parameters
    ----------
    config : RunConfig

    Returns
    -------
    StartingWeights or None
        None for a run that starts from chance.

    Raises
    ------
    ConfigError
        When there are no such weights, they are damaged, or they belong to a network with other arguments.
    """
    start_from = config.training.start_from
    if start_from is None:
        return None
    shipped = pretrained_names(task=None)
    if not is_weights_path(start_from) and start_from not in shipped:
        raise ConfigError(
            f"'training.start_from' must be the name of a shipped network, {', '.join(shipped)}, or "
            f"the path of a run's folder or weights.npz (./my_run for one beside the file of the run). "
            f"Received: training.start_from={start_from!r}"
        )
    folder = Path(start_from) if is_weights_path(start_from) else WEIGHTS_FOLDER / start_from
    try:
        found, card = load_weights_file(folder), read_card(folder)
    except WeightFileError as error:
        raise ConfigError(f"'training.start_from': {error}") from error
    # A network that holds another may start from weights of that one.
    held = [name for name in config.model.networks if getattr(config.model, name).kind == found.kind]
    if found.kind != config.model.kind and not held:
        raise ConfigError(
            f"'training.start_from' must be weights of a network of the run's kind, {config.model.kind}. "
            f"Received: {found.kind} in {start_from}"
        )
    part = getattr(config.model, held[0]) if held else config.model
    expected, received = part.build(config.rank).architecture(), found.architecture()
    # Keras numbers the networks of a process by their name.
    free = ("name", *found.free_arguments)
    different = [key for key in expected if key not in free and expected[key] != received[key]]
    if different:
        raise ConfigError(
            f"'training.start_from' must be weights of a network with the run's settings: "
            f"{', '.join(f'{key}={expected[key]}' for key in different)}. "
            f"Received: {', '.join(f'{key}={received[key]}' for key in different)} in {start_from}"
        )
    place = f"{held[0]}/" if held else ""
    values = {f"{place}{path}": variable.numpy() for path, variable in found.named_variables().items()}
    return StartingWeights(Path(start_from).name, card, values)
