"""How close one pass of a small network comes to its teacher, a larger one whose fields are optimized for the pair."""
