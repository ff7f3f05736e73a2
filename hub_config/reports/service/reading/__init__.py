"""What readers look for: their projects' reports, the newest success of each, its history, and what changed."""
