"""Watched folders and mailboxes: what changes is read soon after."""
