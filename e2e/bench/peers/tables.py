"""Correlation matrices of a table by pandas, NumPy and Dask, each timed alone."""
import functools
import time

import numpy as np

from answering import serve

tables = {}


def load(name, path):
    """A table of series x dates. pandas holds it as it holds a file that it read: column by column."""
    tables[name] = np.load(path)
    return {}


def timed(work, save):
    start = time.perf_counter()
    matrix = work()
    seconds = time.perf_counter() - start
    if save is not None:
        np.save(save, np.ascontiguousarray(matrix))
    return {"seconds": seconds}


def pandas_corr(name, save=None):
    import pandas

    frame = pandas.DataFrame(tables[name].T)
    return timed(lambda: frame.corr().to_numpy(), save)


def numpy_corrcoef(name, precision, save=None):
    table = tables[name]
    dtype = {"f64": np.float64, "f32": np.float32}[precision]
    single = table.astype(dtype, copy=False)
    return timed(lambda: np.corrcoef(single, dtype=dtype), save)


def dask_corr(name, partitions, workers, save=None):
    import dask.dataframe
    import pandas

    start_dask(workers)
    frame = pandas.DataFrame(tables[name].T)
    frame.columns = [str(column) for column in frame.columns]
    parts = dask.dataframe.from_pandas(frame, npartitions=partitions)
    return timed(lambda: parts.corr().compute().to_numpy(), save)


@functools.cache
def start_dask(workers):
    """A cluster of processes that stays, as one would keep it between computations."""
    from distributed import Client

    return Client(n_workers=workers, threads_per_worker=1, dashboard_address=None)


if __name__ == "__main__":
    serve(
        {
            "load": load,
            "pandas": pandas_corr,
            "numpy": numpy_corrcoef,
            "dask": dask_corr,
        }
    )
