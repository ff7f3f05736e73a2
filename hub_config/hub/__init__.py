"""JupyterHub as CohortHub sets it up: configuration, page templates, pictures."""
