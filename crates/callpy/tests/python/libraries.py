"""What pandas and SciPy make of an argument without copying it."""

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse

kept = None


def series(data):
    return pd.Series(data, copy=False)


def frame(data):
    return pd.DataFrame(data.reshape(2, 2), columns=["a", "b"], copy=False)


def sparse_matrix(data):
    return scipy.sparse.coo_matrix((data, ([0, 1, 2, 3], [3, 2, 1, 0])), shape=(4, 4), copy=False)


def keep_a_series(data):
    global kept
    kept = series(data)


def keep_a_frame(data):
    global kept
    kept = frame(data)["b"]


def keep_a_sparse_matrix(data):
    global kept
    kept = sparse_matrix(data).tocsr(copy=False), sparse_matrix(data)


def mean_of_a_series(data):
    return series(data).rolling(2).mean().max()


def sum_of_a_group(data):
    return frame(data).groupby("a").sum()["b"].max()


def solved(data):
    return abs(scipy.linalg.solve(np.eye(4), data, overwrite_b=False)).max()


def product(data):
    return (sparse_matrix(data) @ data).max()
