"""When each sample was taken: device clocks, host time, and which samples are missing."""
