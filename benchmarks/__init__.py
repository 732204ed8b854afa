"""Speed and accuracy, run by `make bench` and `make eval`."""
