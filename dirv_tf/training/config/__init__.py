"""What a run is, on which images, and reading it from YAML with strict checks; needs no TensorFlow."""
