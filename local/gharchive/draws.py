"""Random draws that give the same values on every machine and Python version.

Only `Random.random()` is guaranteed to repeat across versions, and only integer arithmetic
across machines, so everything the simulator decides is built from those two.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


def mix(*parts: int) -> int:
    """Hash integers to 64 bits: the stable choice that belongs to an entity, not to an event."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = ((state ^ part) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 29)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 32
    return state


def below(rng: Random, bound: int) -> int:
    """Draw an integer in 0 … bound - 1."""
    return int(rng.random() * bound)


def pick(rng: Random, choices: Sequence[T]) -> T:
    """Draw one of the choices, all equally likely."""
    return choices[below(rng, len(choices))]


class Weighted:
    """Indices 0 … n - 1, drawn in proportion to integer weights."""

    def __init__(self, weights: Sequence[int]) -> None:
        """Keep the running sums of the weights."""
        self._sums = list(accumulate(weights))

    def draw(self, rng: Random) -> int:
        """Draw an index."""
        return bisect_right(self._sums, below(rng, self._sums[-1]))

    def of(self, number: int) -> int:
        """Give the index that belongs to a hash: a draw without a generator."""
        return bisect_right(self._sums, number % self._sums[-1])


def zipf(size: int, offset: int) -> Weighted:
    """Weight rank r by 1 / (r + offset): a larger offset flattens the head."""
    return Weighted([1_000_000_000 // (rank + offset) for rank in range(size)])
