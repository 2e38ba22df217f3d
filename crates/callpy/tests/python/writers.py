"""Ways to write into an array of float64, none of which may work where it is read-only."""

import ctypes
import io
import pickle
import struct

import numpy as np

VERSION = tuple(map(int, np.__version__.split(".")[:2]))
WAYS = {}


def a_buffer(self, flags):
    return memoryview(bytearray(32))


def ways():
    return list(WAYS)


def attempt(name, data):
    """Says what was raised; None if it went through."""
    try:
        WAYS[name](data)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)
    return None


for name, source in {
    "item": "data[0] = 9",
    "slice": "data[1:] = 9",
    "mask": "data[data > 0] = 9",
    "add": "data += 9",
    "power": "data **= 2",
    "negative": "np.negative(data, out=data)",
    "add_out": "np.add(data, 9, out=data)",
    "where_out": "np.add(data, 9, out=data, where=data > 0)",
    "at": "np.add.at(data, [0], 9)",
    "shuffle": "np.random.shuffle(data)",
    "generator_shuffle": "np.random.default_rng(1).shuffle(data)",
    "accumulate": "np.add.accumulate(data, out=data)",
    "copyto": "np.copyto(data, 9)",
    "fill": "data.fill(9)",
    "sort": "data[::-1].sort()",
    "partition": "data[::-1].partition(2)",
    "put": "data.put([0], 9)",
    "np_put": "np.put(data, [0], 9)",
    "putmask": "np.putmask(data, data > 0, 9)",
    "place": "np.place(data, data > 0, 9)",
    "setfield": "data.setfield(9, np.float64)",
    "byteswap": "data.byteswap(True)",
    "flat": "data.flat[0] = 9",
    "flat_all": "data.flat = 9",
    "real": "data.real = 9",
    "take_out": "np.take(data, [3, 2, 1, 0], out=data)",
    "take_clip": "np.take(data, [3, 2, 1, 0], out=data, mode='clip')",
    "clip": "data.clip(2, 3, out=data)",
    "cumsum": "data.cumsum(out=data)",
    "round": "np.round(data, 0, out=data[::-1])",
    "dot": "np.dot(np.eye(4), np.ones(4), out=data)",
    "matmul": "np.matmul(np.eye(4), np.ones(4), out=data)",
    "einsum": "np.einsum('ij,j', np.eye(4), np.ones(4), out=data)",
    "choose": "np.choose([0, 1, 0, 1], [np.ones(4), np.zeros(4)], out=data)",
    "compress": "np.compress([True] * 4, np.ones(4), out=data)",
    "mean": "np.mean(np.ones((4, 4)), axis=0, out=data)",
    "median": "np.median(data[::-1], overwrite_input=True); np.median(data, out=data[:1].reshape(()))",
    "concatenate": "np.concatenate([np.ones(2), np.ones(2)], out=data)",
    "fill_diagonal": "np.fill_diagonal(data.reshape(2, 2), 9)",
    "nan_to_num": "np.nan_to_num(data, copy=False)",
    "nditer": "next(np.nditer(data, op_flags=['readwrite']))[...] = 9",
    "nditer_write": "next(np.nditer(data, op_flags=['writeonly']))[...] = 9",
    "random": "np.random.default_rng(1).random(out=data)",
    "normal": "np.random.default_rng(1).standard_normal(out=data)",
    "permuted": "np.random.default_rng(1).permuted(np.ones(4), out=data)",
    "frombuffer": "np.frombuffer(data)[0] = 9",
    "frombuffer_flag": "view = np.frombuffer(data); view.flags.writeable = True; view[0] = 9",
    "ndarray_buffer": "np.ndarray(4, buffer=data)[0] = 9",
    "setflags": "data.setflags(write=True); data[0] = 9",
    "flag": "data.flags.writeable = True; data[0] = 9",
    "flag_item": "data.flags['W'] = True; data[0] = 9",
    "view_flag": "view = data.view(); view.flags.writeable = True; view[0] = 9",
    "slice_flag": "view = data[1:][:2]; view.flags.writeable = True; view[0] = 9",
    "other_dtype": "data.view(np.uint8)[0] = 9",
    "recarray": "data.view([('a', float)]).view(np.recarray).a[0] = 9",
    "subclass_flag": "view = data.view(np.matrix); view.flags.writeable = True; view[0, 0] = 9",
    "asarray": "np.asarray(data)[0] = 9",
    "array_no_copy": "view = np.asarray(data).reshape(2, 2).T; view[0, 0] = 9",
    "masked": "np.ma.masked_array(data, copy=False)[0] = 9",
    "as_strided": "np.lib.stride_tricks.as_strided(data, writeable=True)[0] = 9",
    "broadcast": "np.broadcast_arrays(data, np.ones((2, 4)))[0][0, 0] = 9",
    "broadcast_flag": "view = np.broadcast_to(data, (2, 4)); view.flags.writeable = True; view[0] = 9",
    "window": "np.lib.stride_tricks.sliding_window_view(data, 2, writeable=True)[0] = 9",
    "base": "data.base[0] = 9",
    "base_buffer": "memoryview(data.base)[0] = 9",
    "base_class": (
        "type(data.base).__buffer__ = a_buffer;"
        "data.flags.writeable = True; data[0] = 9"
    ),
    "class_": "data.__class__ = type('Sub', (np.ndarray,), {}); data[0] = 9",
    "resize": "data.resize(8)",
    "memoryview_": "memoryview(data)[0] = 9.0",
    "data": "data.data[0] = 9.0",
    "data_cast": "data.data.cast('B')[0] = 9",
    "data_rounds": "data.data.cast('B').cast('d')[0] = 9.0",
    "toreadonly": "data.data.toreadonly()[0] = 9.0",
    "obj_of_memoryview": "data.data.obj[0] = 9",
    "pack_into": "struct.pack_into('d', data, 0, 9.0)",
    "readinto": "io.BytesIO(bytes(32)).readinto(data)",
    "pickled_buffer": "memoryview(pickle.PickleBuffer(data)).cast('B')[0] = 9",
    "pickled_raw": "pickle.PickleBuffer(data).raw()[0] = 9",
    "buffers": "b = []; pickle.dumps(data, protocol=5, buffer_callback=b.append); b[0].raw()[0] = 9",
    "dlpack": "np.from_dlpack(data)[0] = 9",
    "dlpack_capsule": "data.__dlpack__(); data[0] = 9",
    "no_copy": "np.array(data, copy=False, ndmin=2)[0] = 9",
    "require": "np.require(data, requirements='E')[0] = 9",
    "iadd_of_a_view": "view = data[1:3]; view *= 9",
    "ufunc_out_of_a_list": "np.modf(data, out=(data, np.ones(4)))",
    "delete_items": "del data[0]",
}.items():

    def work(data, code=compile(source, name, "exec")):
        exec(code, dict(globals(), data=data))

    WAYS[name] = work

# NumPy has had functions that did not ask, until these versions.
SINCE = {"putmask": (1, 21), "shuffle": (1, 22), "generator_shuffle": (1, 22), "at": (2, 5)}
for name, version in SINCE.items():
    if VERSION < version:
        del WAYS[name]


def set_bytes(data):
    """Writes bytes that are no bool into an array of bool."""
    data.view(np.uint8)[:] = range(len(data))
    return data.view(np.uint8).tolist()


def behind_its_back(data, *index, **more):
    """Writes an element as C code does that does not ask."""
    for array in more.values():
        data = array
    element = data[tuple(index)[:-1] + (slice(index[-1], index[-1] + 1),)]
    ctypes.memset(element.ctypes.data, 1, element.itemsize)


def double(data):
    data *= 2
    data[::-1].sort()
