"""Chat pages, HTTP API and widget."""
