"""Finished runs tested again from their weights: the row of the test, and recurrent refinement."""
