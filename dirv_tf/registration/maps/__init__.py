"""Maps between two images: linear ones, flow fields, their inverses and compositions, and what they are applied to."""
