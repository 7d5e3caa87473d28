"""How to talk to each kind of sensor: recognise, configure, start, stop; one file a protocol."""
