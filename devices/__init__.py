"""Floor 2, where samples come from: transports, wire formats, the device clock, the simulator."""
