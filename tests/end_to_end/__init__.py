"""A real hub on loopback, driven by a real Chromium."""
