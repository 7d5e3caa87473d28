"""Traces that others have made of a sensor's link, replayed as if the sensor were there."""
