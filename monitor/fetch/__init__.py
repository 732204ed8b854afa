"""The outside world's feeds and pages, fetched behind the guard and parsed into our nouns."""
