"""AVSM: a recurrent affine network, and a network of momenta whose velocities carry the map along."""
