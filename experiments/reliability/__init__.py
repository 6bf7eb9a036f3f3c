"""Campaigns on reliability, damaged files, kills and long life: `python -m experiments.reliability`."""
