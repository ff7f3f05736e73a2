"""Keeping BLAS to one thread while pieces are worked on side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["blas_of_one_thread"]


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def blas_of_one_thread() -> Iterator[None]:
    """Keep BLAS to one thread.

    Yields
    ------
    None
        While it holds.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield
