"""What a registration returns: saved, loaded, inverted, composed, evaluated, judged."""
