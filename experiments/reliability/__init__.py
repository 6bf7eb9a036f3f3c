"""Campaigns on reliability: kills, damaged files, long life."""
