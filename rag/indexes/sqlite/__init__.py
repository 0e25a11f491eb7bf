"""What an index is made of on disk and in memory: SQLite, vectors and terms."""
