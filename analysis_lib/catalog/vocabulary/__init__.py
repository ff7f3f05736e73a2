"""The concepts of a release: how they are counted at import, and found by words."""
