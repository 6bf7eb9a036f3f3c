"""Networks in a registration: which one, as graphs for images of every size, in tiles, and when not to believe them."""
