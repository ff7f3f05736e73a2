"""Spans of days around an index date, with open and closed ends."""

__all__: list[str] = []
