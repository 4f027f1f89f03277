"""The Asian option of the Monte Carlo job by NumPy, vectorised in either of the two usual ways."""
import time

import numpy as np

from answering import serve

# Single precision is NumPy's faster one, and enough for a walk of this length.
DTYPE = np.float32


def whole_paths(option, count, random):
    """An array of paths x steps, multiplied up along each path."""
    drift, spread = step(option)
    shape = (count, option["points"] - 1)
    growth = drift + spread * random.standard_normal(shape, dtype=DTYPE)
    later = np.cumprod(growth, axis=1, dtype=DTYPE).sum(axis=1, dtype=np.float64)
    return option["s0"] * (1 + later) / option["points"]


def step_by_step(option, count, random):
    """All paths take each step together, in memory that stays in the caches."""
    drift, spread = step(option)
    price = np.full(count, option["s0"], dtype=DTYPE)
    total = price.astype(np.float64)
    growth = np.empty(count, dtype=DTYPE)
    for _ in range(option["points"] - 1):
        random.standard_normal(out=growth, dtype=DTYPE)
        growth *= spread
        growth += drift
        price *= growth
        total += price
    return total / option["points"]


def step(option):
    dt = 1 / option["stepsPerYear"]
    return DTYPE(1 + option["mu"] * dt), DTYPE(option["sigma"] * dt**0.5)


def simulate(option, layout, paths, block, seed):
    """The payoffs' mean and its standard error, `block` paths at a time."""
    averages_of = {"whole paths": whole_paths, "step by step": step_by_step}[layout]
    random = np.random.default_rng(seed)
    averages = np.empty(paths)
    start = time.perf_counter()
    for first in range(0, paths, block):
        count = min(block, paths - first)
        averages[first : first + count] = averages_of(option, count, random)
    payoffs = np.maximum(averages - option["strike"], 0)
    mean = payoffs.mean()
    seconds = time.perf_counter() - start
    error = payoffs.std(ddof=1) / paths**0.5
    return {"seconds": seconds, "estimate": mean, "standardError": error}


if __name__ == "__main__":
    serve({"simulate": simulate})
