"""Work by pieces: the one place that says how many are under way at a time.

What takes long lets other threads run meanwhile (compiled kernels, Arrow, LightGBM, AES), so two threads
keep two cores busy, and few pieces are held in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
Piece = TypeVar("Piece")
WORKERS = 2


def in_order(function: Callable[[Piece], T], pieces: Iterable[Piece]) -> Iterator[T]:
    """`function` of each piece, in order, a few pieces ahead of whoever takes them."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[T]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(function, piece))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
