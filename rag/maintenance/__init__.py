"""Maintenance of an index: backups, repair, rebuilding it, moving it to another engine, checking the machine."""
