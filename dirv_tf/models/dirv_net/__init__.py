"""DIRV-Net: variational units on a coarse-to-fine pyramid (thesis Sections 4 and 5)."""
