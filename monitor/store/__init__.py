"""Tables, transactions and read models."""
