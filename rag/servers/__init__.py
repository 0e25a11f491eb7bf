"""Model servers: addresses, requests and errors."""
