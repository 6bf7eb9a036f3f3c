"""The runs of the thesis, one YAML file each, and the command that carries them out: `python -m experiments.run`."""
