"""Every way a run can end, once more with kernels forked from a warm parent: the same tests, the same words."""

from ..test_ends_of_runs import *  # noqa: F403
