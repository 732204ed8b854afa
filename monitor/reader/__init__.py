"""Sentences to phases and stances."""
