"""DLIR: affine and B-spline networks, stacked coarse to fine."""
