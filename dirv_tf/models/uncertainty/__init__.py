"""The network that says how far a given field may be from the truth."""
