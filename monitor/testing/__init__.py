"""Fakes of the ports, shipped with the package for replays and for tests of code that uses it."""
