"""The page about the reproduction of the thesis: its sections, and the records that they read."""
