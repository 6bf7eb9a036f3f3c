"""From a run's configuration to a trained, tested and recorded network.

Reading a configuration needs no TensorFlow, so this package imports nothing by itself:

- `config`: what a run is, on which images (`run_config`, `data_settings`), and reading it from YAML with strict checks
  (`config_loading`).
- `execution`: one run from start to end, or the rest of one that was stopped (`run`); its files (`run_folder`).
- `monitoring`: the TensorBoard callback.
"""
