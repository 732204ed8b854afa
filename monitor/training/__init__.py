"""How the reader's weights are made from its corpora. Nothing here runs in the daemon."""
