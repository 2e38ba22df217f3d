"""Calls of real packages, for main.rs and `.ci/packages`: each a line, with what is to be compared.

    package | statements | callable | arguments | answer

The statements run twice, for the call through callpy and for Python's own on the same numbers; `r` is the
result. Without an answer it is the result that is compared.
"""

import importlib.util
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

CASES = """
sklearn | from sklearn.neighbors import KNeighborsClassifier as M; m = M() | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.neighbors import KNeighborsRegressor as M; m = M() | m.fit | table series | m.predict(TABLE)
sklearn | from sklearn.neighbors import NearestNeighbors as M; m = M() | m.fit | table | m.kneighbors(TABLE)[0]
sklearn | from sklearn.neighbors import RadiusNeighborsClassifier as M; m = M(20) | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.neighbors import LocalOutlierFactor as M; m = M(5) | m.fit_predict | table |
sklearn | from sklearn.neighbors import KernelDensity as M; m = M() | m.fit | table | m.score_samples(TABLE)
sklearn | from sklearn.neighbors import KDTree | KDTree | table | r.query(TABLE, 3)[0]
sklearn | from sklearn.neighbors import BallTree | BallTree | table | r.query(TABLE, 3)[0]
sklearn | from sklearn.kernel_ridge import KernelRidge as M; m = M() | m.fit | table series | m.predict(TABLE)
sklearn | from sklearn.gaussian_process import GaussianProcessRegressor as M; m = M(optimizer=None, alpha=1.0, copy_X_train=False) | m.fit | table series | m.predict(TABLE)
sklearn | from sklearn.gaussian_process import GaussianProcessClassifier as M; m = M(optimizer=None, copy_X_train=False) | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.semi_supervised import LabelPropagation as M; m = M() | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.manifold import Isomap as M; m = M() | m.fit | table | m.dist_matrix_
sklearn | from sklearn.svm import SVC as M; m = M() | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.linear_model import LinearRegression as M; m = M() | m.fit | table series | m.predict(TABLE)
sklearn | from sklearn.ensemble import RandomForestClassifier as M; m = M(5, random_state=0) | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.ensemble import IsolationForest as M; m = M(n_estimators=5, random_state=0) | m.fit_predict | table |
sklearn | from sklearn.cluster import KMeans as M; m = M(3, n_init=1, random_state=0) | m.fit_predict | table |
sklearn | from sklearn.cluster import DBSCAN as M; m = M(2.0) | m.fit_predict | table |
sklearn | from sklearn.decomposition import PCA as M; m = M(2, svd_solver='full') | m.fit_transform | table | abs(r)
sklearn | from sklearn.preprocessing import StandardScaler as M; m = M() | m.fit_transform | table |
sklearn | from sklearn.preprocessing import FunctionTransformer as M; m = M() | m.fit_transform | table |
sklearn | from sklearn.pipeline import make_pipeline as p; from sklearn.preprocessing import StandardScaler as S; from sklearn.neighbors import KNeighborsClassifier as M; m = p(S(), M()) | m.fit | table labels | m.predict(TABLE)
sklearn | from sklearn.model_selection import train_test_split as f | lambda x, y: f(x, y, random_state=0) | table labels | r[0]
sklearn | from sklearn.metrics import pairwise_distances as f | f | table |
duckdb | import duckdb; d = duckdb.connect() | lambda a: d.register('t', {'a': a}) | series | d.sql('select sum(a) from t').fetchall()
duckdb | import duckdb; d = duckdb.connect() | lambda t: d.sql('select sum(column0) from t').fetchall() | table |
cv2 | import cv2; m = cv2.BFMatcher() | lambda a: m.add([a]) | singles | [x.distance for x in m.match(SINGLES)]
cv2 | import cv2; m = cv2.FlannBasedMatcher() | lambda a: m.add([a]) | singles | len(m.getTrainDescriptors())
cv2 | import cv2; m = cv2.KalmanFilter(4, 4) | lambda a: setattr(m, 'transitionMatrix', a[:4, :4]) | singles | m.transitionMatrix
cv2 | import cv2 | lambda a: cv2.GaussianBlur(a, (3, 3), 0) | image |
cv2 | import cv2 | lambda a: cv2.flip(a, 1) | image |
cv2 | import cv2 | lambda a: cv2.Canny(a, 10, 200) | image |
cv2 | import cv2 | cv2.mean | image |
pandas | import pandas | pandas.Series | series | r.sum()
pandas | import pandas | lambda a: pandas.Series(a, copy=False) | series | r.sum()
pandas | import pandas | pandas.DataFrame | table | r.sum().to_numpy()
pandas | import pandas | lambda a: pandas.DataFrame(a, copy=False) | table | r.sum().to_numpy()
pandas | import pandas | lambda a, b: pandas.DataFrame({'a': a, 'b': b}).query('a > 5').b | series labels | r.to_numpy()
pandas | import pandas; d = pandas.DataFrame({'a': range(60)}) | lambda a: d.insert(1, 'b', a) | series | d.b.to_numpy()
pandas | import pandas | lambda a: pandas.Series(a).rolling(5).mean() | series | r.to_numpy()
pandas | import pandas | pandas.Index | series | r.to_numpy()
pandas | import pandas | pandas.Categorical | labels | r.codes
pandas | import pandas | lambda a: pandas.Series(a).groupby(LABELS).sum() | series | r.to_numpy()
polars | import polars | polars.Series | series | r.sum()
polars | import polars | lambda a: polars.DataFrame({'a': a}) | series | r['a'].sum()
polars | import polars | polars.from_numpy | table | r.sum().row(0)
pyarrow | import pyarrow | pyarrow.array | series | r.to_pylist()
pyarrow | import pyarrow | pyarrow.py_buffer | series | r.to_pybytes()
pyarrow | import pyarrow | lambda a: pyarrow.Tensor.from_numpy(a) | table | r.to_numpy()
pyarrow | import pyarrow | lambda a: pyarrow.table({'a': a}) | series | r['a'].to_pylist()
logging | import logging, logging.handlers as h; m = h.MemoryHandler(100); g = logging.Logger('x'); g.addHandler(m) | lambda a: g.warning('%s', a) | series | m.buffer[0].args[0].sum()
functools | import functools; f = functools.lru_cache(lambda key: key.a.sum()); K = type('K', (), {'__init__': lambda s, a: setattr(s, 'a', a)}) | lambda a: f(K(a)) | series |
functools | import functools; f = functools.wraps(len)(lambda a, kept=[]: kept.append(a) or kept) | f | series | r[0]
python | M = type('M', (), {'fit': lambda self, a: setattr(self, 'last', a)}); m = M() | m.fit | series | m.last
python | kept = {} | lambda a: kept.__setitem__(len(kept), a[::2]) | series | kept[0]
python | import collections; q = collections.deque(maxlen=3) | q.append | series | q[0]
python | import queue; q = queue.Queue() | q.put | series | q.get()
python | import array | lambda a: array.array('d', a).tolist() | series |
python | import copy | copy.deepcopy | table |
python | import pickle | lambda a: pickle.loads(pickle.dumps(a, 5)) | table |
python | import concurrent.futures as c; e = c.ThreadPoolExecutor(1) | lambda a: e.submit(np.sum, a) | series | r.result()
python | | memoryview | series | r[3]
python | | lambda a: (x for x in a) | series | sum(r)
numpy | | lambda a: np.lib.stride_tricks.sliding_window_view(a, 5) | series | r.sum(axis=1)
numpy | | np.nditer | series | float(sum(r))
numpy | | lambda a: np.broadcast_to(a, (3, 60)) | series |
numpy | | np.linalg.svd | table | r[1]
numpy | | lambda a: np.ma.masked_greater(a, 5.0) | series | r.sum()
numpy | | np.poly1d | series | r(0.5)
numpy | | np.fft.rfft | series | abs(r)
numpy | | np.compress | flags series |
scipy | from scipy.spatial import KDTree | KDTree | table | r.query(TABLE, 2)[0]
scipy | from scipy.spatial import cKDTree | cKDTree | table | r.query(TABLE, 2)[0]
scipy | from scipy.spatial import ConvexHull | lambda a: ConvexHull(a[:, :2]) | table | r.volume
scipy | from scipy.spatial.distance import cdist | cdist | table table |
scipy | from scipy.interpolate import CubicSpline | lambda a: CubicSpline(np.arange(60.0), a) | series | r(3.5)
scipy | from scipy.interpolate import interp1d | lambda a: interp1d(np.arange(60.0), a) | series | r(3.5)
scipy | from scipy.interpolate import BSpline | lambda a: BSpline(np.arange(64.0), a, 3) | series | r(30.5)
scipy | from scipy.interpolate import RBFInterpolator | RBFInterpolator | table series | r(TABLE)
scipy | from scipy.interpolate import RegularGridInterpolator as R | lambda a: R((np.arange(60.0), np.arange(4.0)), a) | table | r([[3.5, 1.5]])
scipy | from scipy.optimize import minimize | lambda a: minimize(lambda x: ((x - a) ** 2).sum(), np.zeros(60)) | series | np.round(r.x, 2)
scipy | from scipy.optimize import curve_fit | lambda a: curve_fit(lambda x, p, q: p * x + q, np.arange(60.0), a) | series | np.round(r[0], 4)
scipy | from scipy.signal import savgol_filter | lambda a: savgol_filter(a, 5, 2) | series |
scipy | from scipy.signal import find_peaks | find_peaks | series | r[0]
scipy | from scipy.sparse import csr_matrix | csr_matrix | table | r.sum()
scipy | from scipy.sparse import csr_matrix | lambda a: csr_matrix((a, np.arange(60), np.array([0, 60]))) | series | r.sum()
scipy | from scipy.sparse.linalg import aslinearoperator | aslinearoperator | table | r.matvec(np.ones(4))
scipy | from scipy.stats import gaussian_kde | gaussian_kde | series | r(SERIES)
scipy | from scipy.linalg import lu_factor | lambda a: lu_factor(a[:4]) | table | r[0]
scipy | from scipy.ndimage import gaussian_filter | lambda a: gaussian_filter(a, 1.0) | table |
scipy | from scipy.cluster.hierarchy import linkage | linkage | table | r[:, 2]
statsmodels | import statsmodels.api as s | s.OLS | series table | r.fit().params
statsmodels | from statsmodels.tsa.arima.model import ARIMA | lambda a: ARIMA(a, order=(1, 0, 0)) | series | r.nobs
statsmodels | import statsmodels.formula.api as s | lambda y, x: s.ols('y ~ x', {'y': y, 'x': x}).fit() | series labels | r.params.to_numpy()
statsmodels | from statsmodels.nonparametric.smoothers_lowess import lowess | lambda a: lowess(a, np.arange(60.0)) | series |
patsy | import patsy | lambda x: patsy.dmatrix('x', {'x': x}) | series | np.asarray(r)
formulaic | import formulaic, pandas | lambda x: formulaic.model_matrix('x', pandas.DataFrame({'x': x})) | series | r.to_numpy()
numexpr | import numexpr | lambda a: numexpr.evaluate('a * 2 + 1') | series |
sympy | import sympy; x = sympy.Symbol('x') | sympy.lambdify(x, sympy.sin(x) ** 2, 'numpy') | series |
lightgbm | import lightgbm | lambda x, y: lightgbm.Dataset(x, y, params={'verbose': -1}) | table series | lightgbm.train({'verbose': -1, 'num_threads': 1}, r, 3).predict(TABLE)
lightgbm | import lightgbm; m = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1) | m.fit | table series | m.booster_.predict(TABLE)
xgboost | import xgboost | xgboost.DMatrix | table series | xgboost.train({'nthread': 1}, r, 3).predict(xgboost.DMatrix(TABLE))
xgboost | import xgboost; m = xgboost.XGBRegressor(n_estimators=3, n_jobs=1) | m.fit | table series | m.predict(TABLE)
torch | import torch | torch.from_numpy | series | r.sum().item()
torch | import torch | torch.as_tensor | table | r.sum().item()
torch | import torch | torch.tensor | table | r.sum().item()
jax | import jax.numpy as j | lambda a: float(j.sum(a)) | singles |
jax | import jax.numpy as j | j.asarray | singles | np.asarray(r)
jax | import jax | jax.device_put | singles | np.asarray(r)
jax | import jax; f = jax.jit(lambda a: a * 2) | f | singles | np.asarray(r)
numba | from numba.typed import List; m = List() | m.append | series | m[0]
numba | from numba import njit; f = njit(lambda a: a.sum()) | f | series |
numba | from numba import vectorize; f = vectorize(lambda a: a * 2) | f | series |
faiss | import faiss; m = faiss.IndexFlatL2(8) | m.add | singles | m.search(SINGLES, 2)[0]
faiss | import faiss; m = faiss.IndexHNSWFlat(8, 4) | m.add | singles | m.ntotal
shapely | import shapely | lambda a: shapely.points(a[:, :2]) | table | shapely.get_x(r)
shapely | import shapely | lambda a: shapely.LineString(a[:, :2]) | table | r.length
networkx | import networkx | lambda a: networkx.from_numpy_array(a[:4] > 5) | table | r.number_of_edges()
networkx | import networkx; g = networkx.path_graph(3) | lambda a: networkx.set_node_attributes(g, {0: a}, 'a') | series | g.nodes[0]['a']
onnxruntime | import onnxruntime | lambda a: onnxruntime.OrtValue.ortvalue_from_numpy(a) | singles | r.numpy()
PIL | from PIL import Image | Image.fromarray | image | np.asarray(r)
PIL | from PIL import Image | lambda a: Image.frombuffer('L', (64, 64), a) | image | np.asarray(r)
skimage | from skimage.util import view_as_windows | lambda a: view_as_windows(a, 5) | image | r.sum()
skimage | from skimage.filters import gaussian | gaussian | image |
skimage | from skimage.measure import label | label | image | r.max()
imageio | import imageio.v3 as i, io; b = io.BytesIO() | lambda a: i.imwrite(b, a, extension='.png') | image | i.imread(b.getvalue())
joblib | from joblib import Memory; f = Memory(None).cache(np.sum) | f | table |
joblib | from joblib import Parallel, delayed | lambda a: Parallel(2, prefer='threads')(delayed(np.sum)(a) for _ in range(3)) | table |
cloudpickle | import cloudpickle | lambda a: cloudpickle.loads(cloudpickle.dumps(a)) | table |
"""
CASES = [[part.strip() for part in f"{line} ".split(" |")] for line in CASES.strip().splitlines()]


class Prepared:
    """One case, once for callpy and once for Python itself."""

    def __init__(self, case):
        _, self.statements, self.callable, arguments, self.answer = CASES[int(case)]
        self.arguments = arguments.split()

    def given(self, **numbers):
        """Takes copies of the numbers that the arguments have in them."""
        self.numbers = numbers
        self.space = self.run()

    def run(self):
        import numpy as np

        space = {"np": np, **{name.upper(): array.copy() for name, array in self.numbers.items()}}
        exec(self.statements.strip(), space)
        space["call"] = eval(self.callable, space)
        return space

    def call(self):
        return self.space["call"]

    def check(self, result):
        got = self.of(result, self.space)
        space = self.run()
        copies = [self.numbers[name].copy() for name in self.arguments]
        expected = self.of(space["call"](*copies), space)
        assert same(got, expected), f"expected {expected!r}, got {got!r}"

    def of(self, result, space):
        return eval(self.answer, {**space, "r": result}) if self.answer else result


def same(one, other):
    import numpy as np

    if isinstance(one, (tuple, list)) and type(one) is type(other) and len(one) == len(other):
        return all(map(same, one, other))
    try:
        return np.allclose(np.asarray(one, float), np.asarray(other, float), equal_nan=True)
    except (TypeError, ValueError):
        return repr(one) == repr(other)


def run(driver, case, end):
    """Runs a case in a process of its own, and returns what is wrong."""
    environment = {**os.environ, "CALLPY_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    command = [driver, os.path.dirname(os.path.abspath(__file__)), str(case), end]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode == 0:
        return ""
    how = {-6: "aborts", -11: "crashes"}.get(done.returncode, f"ends with {done.returncode}")
    return f"{how}: {done.stderr.strip()[-1500:]}"


def main(driver, *wanted):
    wrong, missing, right = [], set(), 0
    chosen = [
        (case, end)
        for case, (package, statements, call, *_) in enumerate(CASES)
        if not wanted or any(word in (package + " | " + statements + " | " + call) for word in wanted)
        for end in ("end", "exit")
    ]
    builtin = {"python", "functools", "logging", "numpy"}
    absent = {line[0] for line in CASES if line[0] not in builtin and not importlib.util.find_spec(line[0])}
    missing = sorted(absent & {CASES[case][0] for case, _ in chosen})
    chosen = [(case, end) for case, end in chosen if CASES[case][0] not in absent]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (case, end), told in zip(chosen, pool.map(lambda one: run(driver, *one), chosen)):
            right += not told
            if told:
                wrong.append(f"{' | '.join(CASES[case])} ({end}): {told}")
                print(wrong[-1], flush=True)
    print(f"{right} of {len(chosen)} runs are right; not installed: {', '.join(missing) or 'none'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
