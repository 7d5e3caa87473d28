"""Speed and accuracy, measured; never timed tests."""
