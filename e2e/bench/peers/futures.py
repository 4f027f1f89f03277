"""Dask's futures for the futures bench: a map, round trips, and calls of an actor."""
import statistics
import time

from answering import serve


def increment(x):
    return x + 1


class Counter:
    def __init__(self):
        self.count = 0

    def add(self):
        self.count += 1
        return self.count


client = None
counter = None


def start(workers):
    """A local cluster of processes with one thread each."""
    global client, counter
    from distributed import Client

    client = Client(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    client.gather(client.map(increment, range(100), pure=False))
    counter = client.submit(Counter, actor=True).result()
    return {}


def map_all(tasks):
    """Seconds of a map over so many numbers, and its sum, which shows that it was done."""
    begin = time.perf_counter()
    results = client.gather(client.map(increment, range(tasks), pure=False))
    return {"seconds": time.perf_counter() - begin, "sum": sum(results)}


def _median_ms(call, count):
    trips = []
    for i in range(count):
        begin = time.perf_counter()
        call(i)
        trips.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(trips)


def trips(count):
    """Milliseconds from a submission to its result, one after the other."""
    return {"ms": _median_ms(lambda i: client.submit(increment, i, pure=False).result(), count)}


def calls(count):
    """Milliseconds of a call of an actor, and how often it was called in all."""
    ms = _median_ms(lambda _: counter.add().result(), count)
    return {"ms": ms, "count": counter.add().result()}


if __name__ == "__main__":
    serve({"start": start, "map": map_all, "trips": trips, "calls": calls})
