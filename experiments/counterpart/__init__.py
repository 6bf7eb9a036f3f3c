"""How far a hole in one image moves the field around it, with a mask of regions without counterpart and without."""
