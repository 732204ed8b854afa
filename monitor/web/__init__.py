"""The review page, the JSON API and the exports: the only rooms that know the web."""
