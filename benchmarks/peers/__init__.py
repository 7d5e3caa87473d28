"""Peers side by side: speed, and size of what is kept, as ratios of one run.

``python -m benchmarks.peers`` makes an environment for each peer from its package's name, runs it
and this project in turn over the same simulated run, prints ratios and writes ``PEERS.md``. A peer
that cannot be installed is left out with the reason.
"""
