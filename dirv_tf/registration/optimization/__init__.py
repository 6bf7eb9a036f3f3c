"""Optimization of one pair's own field."""
