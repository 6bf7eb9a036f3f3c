"""Classical registration, tuned, on the networks' own test pairs: `python -m experiments.comparison`."""
