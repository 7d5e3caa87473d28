"""Over many steps: blocks, the runner's own baseline, and what has left it."""
