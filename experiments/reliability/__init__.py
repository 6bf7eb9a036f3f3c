"""What the package does with damaged and hostile files: `python -m experiments.reliability`, or `make campaign`."""
