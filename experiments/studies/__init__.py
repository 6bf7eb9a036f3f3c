"""What holds the results down and what lifts them, one difference at a time: `python -m experiments.studies`."""
