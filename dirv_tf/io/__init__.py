"""Reading and writing files; knows nothing of models."""
