"""RWCNet: recurrent networks with a cost volume, from coarse to fine."""
