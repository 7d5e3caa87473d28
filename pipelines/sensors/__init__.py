"""A sensor beside a run: calibrated, downloaded from, remembered."""
