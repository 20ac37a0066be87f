"""The dashboard: what people look at. Reads the SQL store, writes nothing."""
