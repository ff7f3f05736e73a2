"""The engine: what a model adds up over chunks of rows, who does the adding, and how it steps to the maximum."""

__all__: list[str] = []
