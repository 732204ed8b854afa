"""Use cases, one module a job: read, call core, write."""
