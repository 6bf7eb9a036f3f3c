"""How fast dirv_tf is on this machine, beside other implementations and methods: `python -m experiments.benchmark`."""
