"""The reports service behind the hub: pages, JSON API, and the keeper that does what must happen though nobody asks.

Started as ``python -m hub_config.reports.service`` with the environment that JupyterHub gives its services. It never
runs a notebook itself: runners do, servers of the projects' accounts that the hub's spawner starts, so a report that
takes the machine's memory or crashes its interpreter leaves the pages standing.
"""
