"""One run from start to end, or the rest of one that was stopped, and the files that it writes."""
