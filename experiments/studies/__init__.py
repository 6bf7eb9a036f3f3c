"""What holds the figures down and what lifts them, one difference at a time: `python -m experiments.studies`."""
