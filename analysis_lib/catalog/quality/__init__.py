"""What is wrong with a release: the rules, what an import found by them, and the report of it."""
