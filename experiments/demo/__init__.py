"""Real images, deformed by known fields and registered: `python -m experiments.demo`."""
