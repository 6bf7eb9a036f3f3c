"""From a run's configuration to a trained, tested and recorded network.

Reading a configuration needs no TensorFlow, so this package imports nothing by itself:

- `run_config`, `data_settings`, `config_loading`: what a run is, on which images, and reading it from YAML with strict
  checks.
- `run`: one run from start to end, or the rest of one that was stopped; `run_folder`: its files.
- `monitoring`: the TensorBoard callback.
"""
