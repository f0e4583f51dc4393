"""Processes that begin at once, because what they need is imported before: to be killed again and again."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import Any


def beginning(work: Callable[..., Any]) -> ForkServerContext:
    """Where processes for this work are made; each is a new one, killed without touching its parent."""
    made = get_context("forkserver")
    made.set_forkserver_preload([work.__module__])
    return made
