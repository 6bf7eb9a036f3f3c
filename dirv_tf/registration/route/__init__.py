"""The choice of the way that suits a pair, and what it is chosen by."""
