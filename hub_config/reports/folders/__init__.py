"""Run folders: built out of sight, closed whatever happened, listed, and what they say about where a run comes from."""
