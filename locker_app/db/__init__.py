"""Tables, engine, transactions and the event log: the only package that commits."""
