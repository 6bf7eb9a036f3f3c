"""Registration of real pairs, measured by landmarks: `python -m experiments.comparison.real`."""
