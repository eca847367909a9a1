"""Operations that count values, and models that reduce segments of a batch.

`layer_cases/counting.json` holds operations in the form of
`make_operation_cases.py`. `segments/*.keras` are models whose samples depend on
each other; `segments/expected.json` has their inputs, of one batch, and what
Keras gives.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_segment_cases.py
"""

import json
import pathlib

import make_more_operation_cases as more
import make_operation_cases as base
import keras
import numpy as np
import tensorflow as tf

from _record import clear

op, fn = base.op, base.fn
o = keras.ops
FOLDER = clear(pathlib.Path(base.FOLDER).parent / "segments")
EXPECTED = {}
RNG = np.random.default_rng(6)


def counting():
    few = RNG.integers(0, 5, (3, 7)).astype("int32")
    deep = RNG.integers(0, 4, (3, 2, 5)).astype("int32")
    weights = RNG.normal(size=(3, 7)).astype("float32")
    op("bincount", lambda x: o.bincount(x, minlength=6), xs=[few])
    op("bincount_floats", lambda x: o.bincount(x, minlength=5), xs=[few.astype("float32")])
    op("bincount_bool", lambda x: o.bincount(x, minlength=2), xs=[few > 2])
    count = tf.math.bincount
    fn("tf_bincount", lambda x: count(x, minlength=9, axis=-1), xs=[few])
    fn("tf_bincount_bounded", lambda x: count(x, minlength=3, maxlength=3, axis=-1), xs=[few])
    fn("tf_bincount_binary", lambda x: count(x, minlength=6, axis=-1, binary_output=True), xs=[few])
    fn("tf_bincount_weights", lambda x, w: count(x, weights=w, minlength=6, axis=-1), xs=[few, weights])
    fn("tf_bincount_bounded_weights", lambda x, w: count(x, weights=w, minlength=4, maxlength=4, axis=-1), xs=[few, weights])
    more.write("counting", base.CASES["keras_operations"] + base.CASES["tf_functions"])


def model(name, compute, *xs):
    """A model that takes a batch of all samples, with one row for each."""
    symbols = [keras.Input(x.shape[1:], dtype=str(x.dtype), name=f"in{i}") for i, x in enumerate(xs)]
    y = compute(*symbols)
    made = keras.Model(symbols, y)
    made.save(FOLDER / f"{name}.keras")
    found = np.asarray(made.predict(list(xs), batch_size=len(xs[0]), verbose=0))
    assert len(found) == len(xs[0]), name
    EXPECTED[f"{name}.keras"] = {
        "inputs": [base.array(x) for x in xs],
        "output": base.array(found),
    }


def segments():
    x = RNG.normal(size=(6, 3)).astype("float32")
    x[4, 1] = np.nan
    whole = RNG.integers(-9, 9, (6, 2)).astype("int32")
    ids = np.array([2, 0, 2, 1, 4, 2], "int32")
    for kind in ("sum", "prod", "max", "min"):
        reduce = getattr(o, f"segment_{kind}")
        each = lambda x, i, reduce=reduce: o.take(reduce(x, i, num_segments=5), i, axis=0)
        model(f"segment_{kind}", each, x, ids)
        model(f"segment_{kind}_integers", each, whole, ids)
    # Row 3 is an empty segment, which the row above reads.
    beside = lambda x, i: o.take(o.segment_max(x, i, num_segments=5), (i + 4) % 5, axis=0)
    model("segment_empty", beside, whole, ids)
    model("bincount", lambda x: o.bincount(x, minlength=5), np.abs(whole) % 5)
    clean = np.nan_to_num(x)
    model("allclose", lambda x, y: o.where(o.allclose(x, y), x, 0.0), clean, clean)
    model("allclose_not", lambda x, y: o.where(o.allclose(x, y, atol=0.1), x, y), clean, clean[::-1].copy())
    model("psnr", lambda x, y: x * o.psnr(x, y, 2.0), clean, clean[::-1].copy())


counting()
segments()
(FOLDER / "expected.json").write_text(json.dumps(EXPECTED) + "\n")
