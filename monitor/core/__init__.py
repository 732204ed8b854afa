"""Types and decisions. Pure: no I/O, clock, randomness or logging; `now`, policies and vectors are arguments."""
