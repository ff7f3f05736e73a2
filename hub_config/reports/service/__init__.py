"""The Reports page: a service behind the hub where people choose a template, set its parameters, run it and read it.

Started as ``python -m hub_config.reports.service`` with the environment that JupyterHub gives its services. It never
runs a notebook itself: each run is a process of ``cohorthub report run``, so a report that takes the machine's memory
or crashes its interpreter leaves the pages standing.
"""
