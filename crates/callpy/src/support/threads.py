
# --- how many threads the libraries below NumPy use

# Where a library takes the number from when it is loaded.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)

# The functions that set it in a library that is loaded, by what its file is called. NumPy and SciPy
# rename those of their OpenBLAS. The list is threadpoolctl's.
_THREAD_FUNCTIONS = {
    "openblas": [
        prefix + "openblas_set_num_threads" + suffix
        for prefix in ("", "scipy_") for suffix in ("", "64_", "_64")
    ],
    "mkl_rt": ["MKL_Set_Num_Threads"],
    "blis": ["bli_thread_set_num_threads"],
    "omp": ["omp_set_num_threads"],
}


def library_threads(count):
    """Sets the number of threads of every BLAS and OpenMP library, loaded or to come."""
    import os

    for variable in _THREAD_VARIABLES:
        os.environ[variable] = str(count)
    for path in _loaded_libraries():
        name = os.path.basename(path)
        functions = [f for part, them in _THREAD_FUNCTIONS.items() if part in name for f in them]
        if functions:
            import ctypes

            try:
                library = ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
            except OSError:
                continue  # it is mapped, and not loaded: as a file that something reads
            for function in functions:
                if hasattr(library, function):
                    getattr(library, function)(ctypes.c_int(count))


def _loaded_libraries():
    try:
        with open("/proc/self/maps", errors="surrogateescape") as maps:
            paths = {line.rstrip("\n").split(None, 5)[-1] for line in maps if ".so" in line}
    except OSError:
        return []
    return [path for path in paths if path.startswith("/")]
