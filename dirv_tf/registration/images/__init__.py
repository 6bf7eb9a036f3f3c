"""The two images of a registration as they are given: pixels, places, intensities."""
