"""The linear part of a registration: any pose, without a network."""
