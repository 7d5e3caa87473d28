"""Streams beside the motion sensor: what a treadmill, a foot pod or a heart rate strap reports."""
