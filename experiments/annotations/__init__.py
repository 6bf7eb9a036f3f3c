"""What labels in training are worth, on MR volumes of people whom a network never saw."""
