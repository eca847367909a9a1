"""Operations of the real Keras as nodes of functional models.

`layer_cases/keras_operations.json` holds `keras.ops` as Keras 3 writes them,
`layer_cases/tf_functions.json` functions of TensorFlow as Keras 2 writes them:
the arguments of each call, tensors marked by their index, and what Keras
computes. Axes, ranks, element types and steps are drawn odd on purpose.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_operation_cases.py
"""

import json
import os
import zlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from keras.src.models.functional import serialize_node

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layer_cases")
CASES = {"keras_operations": [], "tf_functions": []}


def array(x):
    """An array as JSON; what JSON cannot hold stands as text."""
    x = np.asarray(x)
    kind = "bool" if x.dtype == bool else "int32" if x.dtype.kind in "iu" else "float32"
    flat = x.astype(kind).reshape(-1).tolist()
    if kind == "float32":
        flat = [float(f"{v:.9g}") if np.isfinite(v) else str(v).replace("inf", "Infinity").replace("nan", "NaN") for v in flat]
    elif kind == "bool":
        flat = [int(v) for v in flat]
    return {"shape": list(x.shape), "dtype": kind, "data": flat}


def drawn(name, shapes):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return [rng.uniform(-2, 2, (3, *shape)).astype("float32") for shape in shapes]


def record(family, name, cls, dialect, config, xs, outputs, unknown=()):
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    for i, out in enumerate(outputs):
        CASES[family].append({
            "name": name if len(outputs) == 1 else f"{name}_{i}", "class": cls,
            "dialect": dialect, "config": config, "weights": [],
            "input": array(xs[0]), "others": [array(x) for x in xs[1:]],
            "mask": None, "operation": True, "explicit": False, "args": {},
            "output": array(out), "result": i, "outputMask": None, "unknown": list(unknown),
        })


def plain(value, tensors):
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            tensors.append(value)
            return {"input": len(tensors) - 1}
        return {k: plain(v, tensors) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, tensors) for v in value]
    return value


def called(model, xs, eager):
    """What a model gives; of operations that Keras cannot call in models, the function's."""
    try:
        return model(xs if len(xs) > 1 else xs[0], training=False)
    except AttributeError:
        return eager


def op(name, compute, *shapes, xs=None, unknown=()):
    """One operation of Keras 3."""
    try:
        xs = [np.asarray(x) for x in (xs if xs is not None else drawn(name, shapes))]
        symbols = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in xs]
        y = compute(*symbols)
        first = y[0] if isinstance(y, (list, tuple)) else y
        node = first._keras_history.operation._inbound_nodes[-1]
        tensors = []
        spec = plain(serialize_node(node, {}), tensors)
        order = [s._keras_history.operation.name for s in symbols]
        seen = [t["config"]["keras_history"][0] for t in tensors]
        assert all(n in order for n in seen), f"{name} is made of several operations"
        ordered = [xs[order.index(n)] for n in seen]
        # A model's operation, as the function that makes it may know more options.
        eager = compute(*[keras.ops.convert_to_tensor(x) for x in xs])
        many = isinstance(y, (list, tuple))
        outputs = called(keras.Model(symbols, list(y) if many else y), xs, eager)
        outputs = [keras.ops.convert_to_numpy(o) for o in (outputs if many else [outputs])]
        config = keras.saving.serialize_keras_object(node.operation)["config"]
        config = json.loads(json.dumps({**config, "args": spec["args"], "kwargs": spec["kwargs"]}))
        record("keras_operations", name, type(node.operation).__name__, 3, config, ordered, outputs, unknown)
    except Exception as error:
        print("failed", name, repr(error)[:300])


def fn(name, compute, *shapes, xs=None):
    """One function of TensorFlow in a model of Keras 2."""
    try:
        xs = [np.asarray(x) for x in (xs if xs is not None else drawn(name, shapes))]
        names = [f"in{i}" for i in range(len(xs))]
        symbols = [tf_keras.Input(x.shape[1:], name=n, dtype=str(x.dtype)) for n, x in zip(names, xs)]
        y = compute(*symbols)
        outs = list(y) if isinstance(y, (list, tuple)) else [y]
        model = tf_keras.Model(symbols, outs)
        layers = [l for l in json.loads(model.to_json())["config"]["layers"] if l["class_name"] != "InputLayer"]
        assert len(layers) == 1, f"{name} is made of {[l['config'].get('function') for l in layers]}"
        layer = layers[0]
        node = layer["inbound_nodes"][0]
        is_one = isinstance(node[0], str)
        tensors = [node] if is_one else node
        found = []

        def bind(value):
            if isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and value[0] in names:
                found.append(names.index(value[0]))
                return {"input": len(found) - 1}
            if isinstance(value, list) and value and value[0] == "_CONSTANT_VALUE":
                return value[2]
            return [bind(v) for v in value] if isinstance(value, list) else value

        args = [bind(t[:3]) for t in tensors]
        if not is_one and layer["class_name"] == "TFOpLambda":
            args = [args]
        kwargs = {k: bind(v) for k, v in (tensors[0][3] if len(tensors[0]) > 3 else {}).items()}
        outputs = compute(*[tf.constant(x) for x in xs])
        outputs = [o.numpy() for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
        cls = layer["class_name"]
        name_of = layer["config"]["function"]
        cls = cls if name_of == "__operators__.getitem" else "tf." + name_of
        record("tf_functions", name, cls, 2, {**layer["config"], "args": args, "kwargs": kwargs},
               [xs[i] for i in found], outputs)
    except Exception as error:
        print("failed", name, repr(error)[:300])


def keras_operations():
    o = keras.ops
    rng = np.random.default_rng(3)
    real = rng.uniform(-3, 3, (3, 5)).astype("float32")
    pos = rng.uniform(0.2, 3, (3, 5)).astype("float32")
    unit = rng.uniform(-0.95, 0.95, (3, 5)).astype("float32")
    ints = rng.integers(-7, 8, (3, 5)).astype("int32")
    bools = rng.uniform(size=(3, 5)) > 0.5
    holes = real.copy(); holes[0, 1] = np.nan; holes[1, 3] = np.inf; holes[2, 0] = -np.inf
    gaps = real.copy(); gaps[0, 1] = np.nan; gaps[1, :] = np.nan; gaps[1, 2] = 1
    images = rng.uniform(0, 255, (3, 5, 7, 3)).astype("float32")

    for n in "arcsin arccos arctanh arctan sinh cosh tan arcsinh".split():
        op(n, getattr(o, n), xs=[unit])
    for n in ("sinh cosh arcsinh arctan cbrt exp2 sinc deg2rad rad2deg trunc real conj sign"
              " square celu hard_shrink soft_shrink squareplus sparse_plus sparse_sigmoid").split():
        op(n + "_wide", getattr(o, n), xs=[real])
    for n in "log2 log10 log1p arccosh".split():
        op(n, getattr(o, n), xs=[pos + 1])
    op("erfc", keras.ops.erfc, xs=[unit]) if hasattr(o, "erfc") else None
    for n in "isfinite isinf isnan isneginf isposinf nan_to_num".split():
        if hasattr(o, n):
            op(n + "_holes", getattr(o, n), xs=[holes])
    op("nan_to_num_values", lambda x: o.nan_to_num(x, nan=1.5, posinf=9.0, neginf=-9.0), xs=[holes])
    for n in "arctan2 fmin fmax fmod heaviside hypot logaddexp logaddexp2 divide_no_nan power".split():
        if hasattr(o, n):
            op(n, getattr(o, n), xs=[real if n != "power" else pos, unit])
    op("arctan2_axes", o.arctan2, xs=[np.array([[0, 1, -1, 0, 2]] * 3, "float32"), np.array([[-1, 0, 0, 1, -2]] * 3, "float32")])
    op("divide_no_nan_zero", o.divide_no_nan, xs=[real, np.where(bools, real, 0).astype("float32")]) if hasattr(o, "divide_no_nan") else None
    op("ldexp", o.ldexp, xs=[real, ints]) if hasattr(o, "ldexp") else None
    op("logical_xor", o.logical_xor, xs=[bools, ~bools])
    op("isclose", lambda x, y: o.isclose(x, y), xs=[real, real + np.float32(1e-6)])
    for n in "add subtract multiply floor_divide mod maximum minimum greater less_equal equal not_equal".split():
        op(n + "_ints", getattr(o, n), xs=[ints, np.where(ints == 0, 3, ints)[::-1].copy()])
        op(n + "_mixed", getattr(o, n), xs=[ints, pos])
        op(n + "_array", lambda x, f=getattr(o, n): f(x, np.array([1.0, -2, 0.5, 3, 4], "float32")), xs=[real])
        op(n + "_array_left", lambda x, f=getattr(o, n): f(np.array([[1.0], [-2]], "float32"), x), (2, 4))
    op("divide_ints", o.divide, xs=[ints, np.abs(ints) + 1])
    op("where_array", lambda x: o.where(x, np.array([1.0, 2, 3, 4, 5], "float32"), 0.0), xs=[bools])
    op("clip_ints", lambda x: o.clip(x, -2, 3), xs=[ints])
    op("round_decimals", lambda x: o.round(x, 1), xs=[real])
    op("cast_uint8", lambda x: o.cast(x, "uint8"), xs=[np.abs(ints)])
    op("threshold", lambda x: o.threshold(x, 0.5, -1.0), xs=[real])
    op("threshold_celu", lambda x: o.celu(x, alpha=0.4), xs=[real])
    op("squareplus_b", lambda x: o.squareplus(x, b=2.5), xs=[real])
    op("hard_shrink_wide", lambda x: o.hard_shrink(x, threshold=1.2), xs=[real])

    for n in "nanmax nanmin nanmean nansum nanprod nanvar nanstd".split():
        if hasattr(o, n):
            op(n, lambda x, f=getattr(o, n): f(x, axis=1), xs=[gaps])
            op(n + "_keep", lambda x, f=getattr(o, n): f(x, axis=-1, keepdims=True), xs=[gaps])
    for n in "median ptp amax amin count_nonzero".split():
        if hasattr(o, n):
            op(n, lambda x, f=getattr(o, n): f(x, axis=1), (4, 3))
            op(n + "_last", lambda x, f=getattr(o, n): f(x, axis=-1), (4, 5))
    op("median_axes", lambda x: o.median(x, axis=(1, 2), keepdims=True), (4, 3))
    op("quantile_linear", lambda x: o.quantile(x, 0.3, axis=-1), (4, 5))
    op("quantile_axes", lambda x: o.quantile(x, 0.3, axis=(1, 2), keepdims=True), (4, 5))
    op("percentile", lambda x: o.percentile(x, 30, axis=1), (4, 5)) if hasattr(o, "percentile") else None
    for m in "linear lower higher midpoint nearest".split():
        op("percentile_" + m, lambda x: o.percentile(x, 30, axis=-1, method=m), (4, 5))
    op("nanmedian", lambda x: o.nanmedian(x, axis=1), xs=[gaps])
    op("nanquantile", lambda x: o.nanquantile(x, 0.3, axis=-1, keepdims=True), xs=[gaps])
    op("nanpercentile", lambda x: o.nanpercentile(x, 85, axis=1), xs=[gaps])
    op("nanargmax", lambda x: o.nanargmax(x, axis=1), xs=[gaps])
    op("nanargmin", lambda x: o.nanargmin(x, axis=-1, keepdims=True), xs=[gaps])
    op("isreal", o.isreal, xs=[real])
    op("signbit", o.signbit, xs=[np.array([[0.0, -0.0, -1.5, 2.0, -np.inf]], "float32").repeat(3, 0)])
    op("signbit_ints", o.signbit, xs=[ints])
    op("max_initial", lambda x: o.max(x, axis=1, initial=0.5), (4, 2))
    op("max_nan", lambda x: o.max(x, axis=1), xs=[gaps])
    op("sum_ints", lambda x: o.sum(x, axis=1), xs=[ints])
    op("mean_ints", lambda x: o.mean(x, axis=-1), xs=[ints + 3])
    op("average_weights", lambda x: o.average(x, axis=1, weights=np.array([1.0, 2, 3], "float32")), (3, 2))
    op("average", lambda x: o.average(x, axis=2), (3, 2))
    op("moments", lambda x: o.moments(x, axes=[1, -1]), (4, 2, 3))
    op("moments_keep", lambda x: o.moments(x, axes=[1], keepdims=True), (4, 2))
    op("argmin", lambda x: o.argmin(x, axis=1), (4, 2))
    op("argmin_keep", lambda x: o.argmin(x, axis=-1, keepdims=True), (4, 3))
    op("cumsum", lambda x: o.cumsum(x, axis=1), (4, 2))
    op("cumsum_last", lambda x: o.cumsum(x, axis=-1), (4, 3))
    op("cumprod", lambda x: o.cumprod(x, axis=1), (5, 2))
    op("cumprod_ints", lambda x: o.cumprod(x, axis=-1), xs=[ints])
    op("nancumsum", lambda x: o.nancumsum(x, axis=1), xs=[gaps]) if hasattr(o, "nancumsum") else None
    op("sort", o.sort, (4, 6))
    op("sort_axis", lambda x: o.sort(x, axis=1), (4, 3))
    op("argsort", lambda x: o.argsort(x, axis=1), (5, 3))
    op("argsort_ints", lambda x: o.argsort(x), xs=[ints])
    op("top_k", lambda x: o.top_k(x, 3), (2, 6))
    op("top_k_ints", lambda x: o.top_k(x, 2), xs=[ints])
    op("in_top_k", lambda t, p: o.in_top_k(t, p, 2), xs=[np.array([0, 3, 1], "int32"), real])
    op("diff", lambda x: o.diff(x, axis=1), (5, 2))
    op("diff_2", lambda x: o.diff(x, n=2), (2, 5))
    op("trapezoid", lambda x: o.trapezoid(x, dx=0.5), (2, 5)) if hasattr(o, "trapezoid") else None
    op("searchsorted", lambda v: o.searchsorted(np.array([-2.0, 0, 0.5, 2], "float32"), v), xs=[real[:, 0]])
    op("digitize", lambda x: o.digitize(x, np.array([-1.0, 0, 1.5], "float32")), xs=[real])
    op("isin", lambda x: o.isin(x, np.array([1, 2, 5], "int32")), xs=[ints]) if hasattr(o, "isin") else None
    op("logsumexp_keep", lambda x: o.logsumexp(x, axis=(1, 2), keepdims=True), (4, 2))

    op("reshape_lost", lambda x: o.reshape(x, (-1, 3, 2, 2)), (4, 3))
    op("transpose_4", lambda x: o.transpose(x, (0, 3, 1, 2)), (2, 3, 4))
    op("split", lambda x: o.split(x, 3, axis=-1), (2, 6))
    op("split_at", lambda x: o.split(x, [1, 4], axis=1), (5, 2))
    op("array_split", lambda x: o.array_split(x, 3, axis=1), (7, 2)) if hasattr(o, "array_split") else None
    op("hsplit", lambda x: o.hsplit(x, 2), (4, 2)) if hasattr(o, "hsplit") else None
    op("dsplit", lambda x: o.dsplit(x, 2), (3, 4)) if hasattr(o, "dsplit") else None
    op("unstack", lambda x: o.unstack(x, axis=1), (3, 2))
    op("unstack_last", lambda x: o.unstack(x, num=2, axis=-1), (3, 2))
    op("hstack", lambda x, y: o.hstack([x, y]), (4, 2), (3, 2))
    op("dstack", lambda x, y: o.dstack([x, y]), (4, 2), (4, 3)) if hasattr(o, "dstack") else None
    op("append", lambda x, y: o.append(x, y, axis=-1), (4, 2), (4, 3))
    op("concatenate_const", lambda x: o.concatenate([x, x], axis=1), (4, 2))
    op("roll", lambda x: o.roll(x, 2, axis=1), (5, 2))
    op("roll_open", lambda x: o.roll(x, 1, axis=1), (5, 2), unknown=[1])
    op("roll_back_open", lambda x: o.roll(x, -1, axis=-2), (5, 2), unknown=[1])
    op("reverse_open", lambda x: x[:, ::-1, :2], (5, 3), unknown=[1])
    op("roll_back", lambda x: o.roll(x, -1, axis=-1), (2, 5))
    op("roll_axes", lambda x: o.roll(x, (1, -2), axis=(1, 2)), (3, 5))
    op("rot90", lambda x: o.rot90(x, axes=(1, 2)), (3, 4, 2))
    op("rot90_3", lambda x: o.rot90(x, k=3, axes=(2, 1)), (3, 4, 2))
    op("tril", o.tril, (4, 5))
    op("tril_k", lambda x: o.tril(x, k=-1), (5, 4))
    op("triu_k", lambda x: o.triu(x, k=2), (4, 5))
    op("diagonal", lambda x: o.diagonal(x, offset=1, axis1=1, axis2=2), (3, 4))
    op("diagonal_back", lambda x: o.diagonal(x, offset=-1, axis1=-1, axis2=1), (3, 2, 4))
    op("trace", lambda x: o.trace(x, axis1=1, axis2=2), (3, 4))
    op("pad_reflect", lambda x: o.pad(x, ((0, 0), (2, 1), (1, 2)), mode="reflect"), (4, 3))
    op("pad_symmetric", lambda x: o.pad(x, ((0, 0), (2, 1), (1, 2)), mode="symmetric"), (4, 3))
    op("pad_ints", lambda x: o.pad(x, ((0, 0), (1, 2)), constant_values=7), xs=[ints])
    op("take_back", lambda x: o.take(x, [-1, 0, 2], axis=1), (4, 2))
    op("take_matrix", lambda x: o.take(x, [[0, 1], [2, -2]], axis=-1), (2, 4))
    op("take_along_axis", lambda x, i: o.take_along_axis(x, i, axis=1), xs=[real, np.array([[0, 4], [-1, 2], [3, 3]], "int32")])
    op("take_along_axis_3", lambda x, i: o.take_along_axis(x, i, axis=1), xs=[rng.normal(size=(3, 4, 2)).astype("float32"), rng.integers(0, 4, (3, 3, 2)).astype("int32")])
    op("repeat_each", lambda x: o.repeat(x, [2, 0, 3], axis=1), (3, 2))
    op("tile_more", lambda x: o.tile(x, [1, 2, 1, 3]), (2, 3, 2))
    op("flip_two", lambda x: o.flip(x, axis=(1, 3)), (3, 2, 4))
    op("fliplr", o.fliplr, (3, 2)) if hasattr(o, "fliplr") else None
    op("ones_like", o.ones_like, (4,))
    op("zeros_like_int", o.zeros_like, xs=[ints])
    op("full_like", lambda x: o.full_like(x, 2.5), (4,))
    op("one_hot_int", lambda x: o.one_hot(x, 5, dtype="int32"), xs=[np.array([[0, 4], [2, 1], [3, 3]], "int32")])
    op("multi_hot", lambda x: o.multi_hot(x, 5), xs=[np.array([[0, 4], [2, 1], [3, 3]], "int32")])
    op("select", lambda c, d, x, y: o.select([c, d], [x, y], 9.0), xs=[real > 0, real > -1, real, pos])
    for tag, cut in {
        "reverse": lambda x: x[:, ::-1], "reverse_step": lambda x: x[:, ::-2],
        "reverse_from": lambda x: x[..., 3::-1], "reverse_between": lambda x: x[:, 4:1:-1],
        "reverse_negative": lambda x: x[:, -2:-5:-1, 1], "step_3": lambda x: x[:, 1::3],
        "negative_step_end": lambda x: x[..., :-3:-1], "far": lambda x: x[:, 1:100],
        "dots_mid": lambda x: x[:, ..., 0], "new_mid": lambda x: x[:, None, :, None, 1],
    }.items():
        op("item_" + tag, cut, (5, 4))

    op("dot_const", lambda x: o.dot(x, np.arange(12, dtype="float32").reshape(4, 3)), (2, 4))
    op("matmul_const", lambda x: o.matmul(x, np.arange(8, dtype="float32").reshape(4, 2)), (3, 4))
    op("matmul_vector", lambda x: o.matmul(x, np.array([1.0, -2, 3], "float32")), (2, 3))
    op("inner_const", lambda x: o.inner(x, np.arange(6, dtype="float32").reshape(2, 3)), (4, 3))
    op("tensordot", lambda x: o.tensordot(x, np.arange(24, dtype="float32").reshape(3, 4, 2) / 10, axes=2), (2, 3, 4))
    op("tensordot_axes", lambda x: o.tensordot(x, np.arange(8, dtype="float32").reshape(2, 4), axes=[[1], [1]]), (4, 3))
    op("einsum_3", lambda x, y, z: o.einsum("bij,bjk,bkl->bil", x, y, z), (2, 3), (3, 4), (4, 2))
    op("einsum_1", lambda x: o.einsum("bij->bji", x), (2, 3))
    op("einsum_sum", lambda x: o.einsum("bij->bi", x), (2, 3))
    op("einsum_implicit", lambda x: o.einsum("bij,jk", x, np.arange(6, dtype="float32").reshape(3, 2)), (2, 3))
    op("einsum_dots", lambda x: o.einsum("...i,ij->...j", x, np.arange(6, dtype="float32").reshape(3, 2)), (2, 3))
    op("cross", o.cross, (3,), (3,))
    op("norm", lambda x: o.norm(x, axis=-1), (4, 3))
    op("norm_1", lambda x: o.norm(x, ord=1, axis=1), (4, 3))
    op("norm_3", lambda x: o.norm(x, ord=3, axis=-1, keepdims=True), (4, 3))
    op("norm_inf", lambda x: o.norm(x, ord=np.inf, axis=1), (4, 3))
    op("norm_fro", lambda x: o.norm(x, ord="fro", axis=(1, 2)), (4, 3))
    op("norm_matrix_1", lambda x: o.norm(x, ord=1, axis=(1, 2)), (4, 3))
    op("normalize_1", lambda x: o.normalize(x, axis=-1, order=1), (4, 3))
    op("normalize_3", lambda x: o.normalize(x, axis=1, order=3), (4, 3))
    square = rng.normal(size=(3, 4, 4)).astype("float32")
    zero = square.copy(); zero[:, 0, 0] = 0
    wide = rng.normal(size=(3, 9, 9)).astype("float32")
    even = square @ square.transpose(0, 2, 1) + 0.5 * np.eye(4, dtype="float32")
    for tag, m in {"": square, "_pivot": zero, "_9": wide}.items():
        op("det" + tag, o.det, xs=[m])
        op("inv" + tag, o.inv, xs=[m])
        op("solve" + tag, o.solve, xs=[m, rng.normal(size=(3, m.shape[1], 2)).astype("float32")])
    op("slogdet", o.slogdet, xs=[zero])
    op("logdet", o.logdet, xs=[even]) if hasattr(o, "logdet") else None
    op("cholesky", o.cholesky, xs=[even])
    op("cholesky_upper", lambda x: o.cholesky(x, upper=True), xs=[even])
    op("solve_triangular", lambda a, b: o.solve_triangular(a, b, lower=True), xs=[even, rng.normal(size=(3, 4, 2)).astype("float32")])

    for n in ("max_pool", "average_pool"):
        op(n, lambda x, f=getattr(o, n): f(x, 2), (5, 7, 3))
        op(n + "_same", lambda x, f=getattr(o, n): f(x, (3, 2), strides=(2, 3), padding="same"), (5, 7, 3))
        op(n + "_1d", lambda x, f=getattr(o, n): f(x, 3, strides=1, padding="same"), (7, 2))
    kernel = rng.normal(size=(3, 2, 3, 4)).astype("float32")
    op("conv", lambda x: o.conv(x, kernel, strides=2, padding="same"), (5, 7, 3))
    op("conv_dilated", lambda x: o.conv(x, kernel, dilation_rate=2), (7, 7, 3))
    op("depthwise_conv", lambda x: o.depthwise_conv(x, rng.normal(size=(3, 3, 3, 2)).astype("float32") * 0 + 0.5, padding="same"), (5, 7, 3))
    op("separable_conv", lambda x: o.separable_conv(x, np.ones((3, 3, 3, 2), "float32") / 3, np.arange(24, dtype="float32").reshape(1, 1, 6, 4) / 10), (5, 7, 3))
    op("conv_transpose", lambda x: o.conv_transpose(x, rng.normal(size=(3, 3, 2, 3)).astype("float32") * 0 + 0.25, strides=2, padding="same"), (4, 5, 3))
    for n in ("adaptive_max_pool", "adaptive_average_pool"):
        if hasattr(o, n):
            op(n, lambda x, f=getattr(o, n): f(x, (2, 4)), (5, 7, 3))
            op(n + "_1d", lambda x, f=getattr(o, n): f(x, (3,)), (7, 2))
    op("glu", lambda x: o.glu(x, axis=1), (4, 3))
    op("sparsemax_axis", lambda x: o.sparsemax(x, axis=-1), (2, 4))
    op("layer_normalization", lambda x: o.layer_normalization(x, gamma=np.array([1.0, 2, 3], "float32"), beta=np.array([0.5, 0, -1], "float32")), (4, 3)) if hasattr(o, "layer_normalization") else None
    op("rms_normalization", lambda x: o.rms_normalization(x, scale=np.array([1.0, 2, 3], "float32")), (4, 3)) if hasattr(o, "rms_normalization") else None
    op("batch_normalization", lambda x: o.batch_normalization(x, np.array([0.1, 0.2, 0.3], "float32"), np.array([1.0, 2, 3], "float32"), axis=-1, offset=np.array([1.0, 1, 2], "float32"), scale=np.array([1.0, 0.5, 2], "float32")), (4, 3))
    op("depth_to_space", lambda x: o.depth_to_space(x, 2), (2, 3, 8)) if hasattr(o, "depth_to_space") else None
    op("space_to_depth", lambda x: o.space_to_depth(x, 2), (4, 6, 2)) if hasattr(o, "space_to_depth") else None
    op("dot_product_attention", lambda q, k, v: o.dot_product_attention(q, k, v), (5, 2, 4), (6, 2, 4), (6, 2, 4))
    op("dot_product_attention_scale", lambda q, k, v: o.dot_product_attention(q, k, v, scale=0.3), (5, 2, 4), (6, 2, 4), (6, 2, 4))

    op("dot_product_attention_causal", lambda q, k, v: o.dot_product_attention(q, k, v, is_causal=True), (5, 2, 4), (6, 2, 4), (6, 2, 4))
    op("dot_product_attention_groups", lambda q, k, v: o.dot_product_attention(q, k, v), (5, 4, 3), (6, 2, 3), (6, 2, 3))

    im = o.image
    colors = np.random.default_rng(6).uniform(0, 1, (3, 3, 4, 3)).astype("float32")
    colors[0, 0, 0], colors[0, 0, 1], colors[0, 0, 2] = 0, 0.5, [0.2, 0.9, 0.9]
    op("rgb_to_hsv", im.rgb_to_hsv, xs=[colors])
    op("hsv_to_rgb", im.hsv_to_rgb, xs=[colors])
    op("rgb_to_hsv_first", lambda x: im.rgb_to_hsv(x, data_format="channels_first"), xs=[colors.transpose(0, 3, 1, 2)])
    op("extract_patches", lambda x: im.extract_patches(x, 2), xs=[images])
    op("extract_patches_same", lambda x: im.extract_patches(x, (3, 2), strides=(2, 1), padding="same"), xs=[images])
    op("extract_patches_wide", lambda x: im.extract_patches(x, (2, 2), strides=1, dilation_rate=2), xs=[images])
    for method in "bilinear nearest bicubic lanczos3 lanczos5 area".split():
        for size in ((3, 4), (9, 11), (5, 3)):
            op(f"resize_{method}_{size[0]}_{size[1]}", lambda x: im.resize(x, size, interpolation=method), xs=[images])
            if method != "area":
                op(f"resize_{method}_{size[0]}_{size[1]}_anti", lambda x: im.resize(x, size, interpolation=method, antialias=True), xs=[images])
    op("resize_crop", lambda x: im.resize(x, (4, 4), crop_to_aspect_ratio=True), xs=[images])
    op("resize_pad", lambda x: im.resize(x, (4, 4), pad_to_aspect_ratio=True, fill_value=3.0), xs=[images])
    op("resize_pad_wide", lambda x: im.resize(x, (3, 9), pad_to_aspect_ratio=True), xs=[images])
    op("resize_first", lambda x: im.resize(x, (4, 3), data_format="channels_first"), (2, 5, 7))
    op("rgb_to_grayscale", im.rgb_to_grayscale, xs=[images])
    op("crop_images", lambda x: im.crop_images(x, 1, 2, 1, 3), xs=[images])
    op("crop_target", lambda x: im.crop_images(x, top_cropping=1, left_cropping=2, target_height=3, target_width=4), xs=[images])
    op("pad_images", lambda x: im.pad_images(x, 1, 0, 2, 3), xs=[images])
    op("pad_target", lambda x: im.pad_images(x, top_padding=1, left_padding=2, target_height=8, target_width=10), xs=[images])
    for mode in "constant nearest reflect wrap".split():
        for kind in "bilinear nearest".split():
            op(f"affine_{mode}_{kind}", lambda x: im.affine_transform(x, np.array([0.9, 0.31, -1.3, -0.2, 1.1, 1.7, 0, 0], "float32"), interpolation=kind, fill_mode=mode, fill_value=2.0), xs=[images])


def extremes():
    """Numbers at the edges: signed zeros, infinities, NaN, integers beyond 2^24."""
    o = keras.ops
    inf, nan = np.inf, np.nan
    near = np.array([[-0.99999, 0.99999, -0.9999999], [0.5, -0.5, -1], [1, 0, -1e-4]], "float32")
    op("arctanh_near_1", o.arctanh, xs=[near])
    ys = np.array([[1, -1, inf], [-inf, inf, 0], [2, -3, -0.5]], "float32")
    zs = np.array([[-0.0, -0.0, inf], [inf, -inf, 5], [-inf, 0, inf]], "float32")
    op("arctan2_edges", o.arctan2, xs=[ys, zs])
    op("hypot_infinite", o.hypot, xs=[np.array([[inf, 1, 0]] * 3, "float32"), np.array([[1, -inf, 0]] * 3, "float32")])
    op("cbrt_infinite", o.cbrt, xs=[np.array([[inf, -inf, -8]] * 3, "float32")])
    rows = np.array([[-inf, -inf, -inf], [inf, 1, -inf], [-inf, 0, 1]], "float32")
    op("logsumexp_infinite", lambda x: o.logsumexp(x, axis=1), xs=[rows])
    op("logsumexp_infinite_kept", lambda x: o.logsumexp(x, axis=-1, keepdims=True), xs=[rows])
    large = np.array([[1e4, 1e4 + 0.25, 1e4 - 2], [-3e5, -3e5 + 1, -3e5 - 1], [0, 1, 2]], "float32")
    op("log_softmax_large", lambda x: o.log_softmax(x), xs=[large])
    op("digitize_nan", lambda x: o.digitize(x, np.array([-1.0, 0, 2])), xs=[np.array([[nan, -1, 2], [0, 5, -5], [1, nan, 3]], "float32")])
    holes = np.array([[nan, 1, nan]] * 3, "float32")
    op("isclose_nan", lambda x: o.isclose(x, np.array([nan, nan, 2], "float32"), equal_nan=True), xs=[holes])
    op("isclose_ints", lambda x: o.isclose(x, np.array([200001, 7, 300000], "int32")), xs=[np.array([[200000, 7, 300001]] * 3, "int32")])
    flags = np.array([[1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 0, 1]], bool)
    op("diff_bool", lambda x: o.diff(x), xs=[flags])
    op("diff_bool_twice", lambda x: o.diff(x, n=2), xs=[flags])
    halves = np.array([[0.5, 1.75, -2.5]] * 3, "float32")
    op("cumsum_int", lambda x: o.cumsum(x, axis=1, dtype="int32"), xs=[halves])
    op("cumprod_int", lambda x: o.cumprod(x, axis=1, dtype="int32"), xs=[halves])
    ids = np.random.default_rng(31).integers(0, 5, (3, 4, 2)).astype("int32")
    op("multi_hot_3", lambda x: o.multi_hot(x, 5), xs=[ids])
    op("multi_hot_2", lambda x: o.multi_hot(x, 5), xs=[ids[..., 0]])
    big = np.array([[16777217, 123456789, -123456789], [2147483647, -16777219, 3], [0, 33554435, 7]], "int32")
    for tag, compute in {
        "mod": lambda x: x % 1000, "mod_negative": lambda x: x % -7, "floor": lambda x: x // 7,
        "equal": lambda x: o.equal(x, 16777217), "greater": lambda x: x > 33554434, "less": lambda x: x <= 123456788,
        "minus": lambda x: x - 16777216, "from": lambda x: 16777219 - x, "maximum": lambda x: o.maximum(x, 16777219),
        "clip": lambda x: o.clip(x, -16777217, 123456788), "divide": lambda x: x / 4,
    }.items():
        op(f"large_{tag}", compute, xs=[big])
    op("large_where", lambda x, y: o.where(y, x, 1), xs=[big, big > 3])
    op("cdist", lambda x, y: o.cdist(x, y), (4, 3), (2, 3))
    op("conv_transpose_padded", lambda x: o.conv_transpose(
        x, np.linspace(-1, 1, 3 * 2 * 4 * 3).reshape(3, 2, 4, 3).astype("float32"), strides=2,
        padding="same", output_padding=1), (4, 5, 3))
    shapes = (4, 2, 3), (4, 2, 3), (4, 2, 5)
    op("tril_open", lambda x: o.tril(x, k=1), (4, 3), unknown=(1, 2))
    op("triu_open", lambda x: o.triu(x, k=-1), (2, 3, 4), unknown=(3,))
    op("rms_norm_axis", lambda x: o.rms_normalization(x, axis=1), (4, 3))
    wide = np.array([[-1e9, -300.5, -0.7, 0.2], [1.5, 130, 256.9, 7e4], [3e9, inf, -inf, 0]], "float32")
    # Not int32: TensorFlow overflows beyond 2^31, other backends do not.
    for dtype in "bool uint8 int8 uint16 int16 float16 float32".split():
        op(f"saturate_{dtype}", lambda x: o.saturate_cast(x, dtype), xs=[wide])
    op("saturate_ints", lambda x: o.saturate_cast(x, "int8"), xs=[ids * 1000 - 2000])
    op("attention_causal_any", lambda q, k, v: o.dot_product_attention(q, k, v, is_causal=True), *shapes, unknown=(1,))


def tf_extremes():
    inf = np.inf
    big = np.array([[16777217, 123456789, -123456789], [2147483647, -16777219, 3], [0, 33554435, 7]], "int32")
    for tag, compute in {
        "mod": lambda x: x % 1000, "floor": lambda x: x // 7, "equal": lambda x: tf.equal(x, 16777217),
        "minus": lambda x: x - 16777216, "truncated": lambda x: tf.truncatediv(x, -7),
        "clip": lambda x: tf.clip_by_value(x, 0, 123456788),
        "times": lambda x: tf.multiply(x, 1), "scaled": lambda x: tf.math.scalar_mul(1, x),
    }.items():
        fn(f"large_{tag}", compute, xs=[big])
    fn("truncatediv", lambda x: tf.truncatediv(x, 0.75), (5,))
    steps = np.array([[1, inf, 2], [3e7, 1, 1], [0.5, -0.5, 4]], "float32")
    fn("cumsum_exclusive_infinite", lambda x: tf.cumsum(x, axis=1, exclusive=True), xs=[steps])
    fn("cumsum_exclusive_back_infinite", lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True), xs=[steps])
    fn("sort_down", lambda x: tf.sort(x, axis=1, direction="DESCENDING"), (5, 2))
    fn("argsort_down", lambda x: tf.argsort(x, axis=1, direction="DESCENDING"), (5, 2))
    fn("lrn", lambda x: tf.nn.local_response_normalization(x), (3, 2, 7))
    fn("lrn_options", lambda x: tf.nn.lrn(x, depth_radius=2, bias=2, alpha=0.3, beta=0.75), (3, 2, 7))
    fn("crelu", lambda x: tf.nn.crelu(x), (3, 2))
    fn("crelu_axis", lambda x: tf.nn.crelu(x, axis=1), (3, 2))

    fn("ensure_shape", lambda x: tf.ensure_shape(x, (None, 4)), (4,))

    ids = np.array([[0, 3, 3], [2, 1, 0], [1, 1, 2]], "int32")
    values = drawn("gather_batch", [(4, 5)])[0]
    fn("gather_batch", lambda x, i: tf.gather(x, i, batch_dims=1), xs=[values, ids])
    fn("gather_batch_axis", lambda x, i: tf.gather(x, i, axis=1, batch_dims=1), xs=[values[..., 0].copy(), ids])
    images = np.random.default_rng(32).uniform(0, 255, (3, 5, 7, 2)).astype("float32")
    for m in ("gaussian", "mitchellcubic"):
        fn(f"resize_{m}", lambda x: tf.image.resize(x, (8, 4), method=m), xs=[images])
        fn(f"resize_{m}_anti", lambda x: tf.image.resize(x, (3, 9), method=m, antialias=True), xs=[images])
    table = values[..., 0].copy()
    fn("embedding_lookup", lambda i: tf.nn.embedding_lookup(table, i), xs=[np.array([[0, 2, 1], [2, 2, 0], [1, 0, 0]], "int32")])
    fn("reciprocal_no_nan", tf.math.reciprocal_no_nan, xs=[np.array([[0, 2, -0.5], [-4, 0, 1], [1e-3, -1, 0]], "float32")])
    fn("one_hot_smooth", lambda x: tf.one_hot(x, 4, on_value=0.9, off_value=0.025), xs=[ids])


def tf_functions():
    rng = np.random.default_rng(5)
    real = rng.uniform(-3, 3, (3, 5)).astype("float32")
    pos = rng.uniform(0.2, 3, (3, 5)).astype("float32")
    ints = rng.integers(-7, 8, (3, 5)).astype("int32")
    images = rng.uniform(0, 255, (3, 5, 7, 3)).astype("float32")
    k = np.arange(12, dtype="float32").reshape(4, 3) / 10
    fn("bias_add", lambda x: tf.nn.bias_add(x, np.array([1.0, 2, 3, 4, 5], "float32")), xs=[real])
    for m in "bilinear nearest bicubic lanczos3 lanczos5 area".split():
        fn("resize_" + m, lambda x: tf.image.resize(x, (3, 9), method=m), xs=[images])
    fn("resize_anti", lambda x: tf.image.resize(x, [3, 4], antialias=True), xs=[images])
    colors = np.random.default_rng(6).uniform(0, 1, (3, 3, 4, 3)).astype("float32")
    for n, args in {
        "flip_left_right": (), "flip_up_down": (), "transpose": (), "rot90": (3,),
        "central_crop": (0.6,), "crop_to_bounding_box": (1, 2, 3, 4), "pad_to_bounding_box": (1, 0, 8, 9),
        "resize_with_crop_or_pad": (4, 10), "resize_with_pad": (8, 5), "adjust_brightness": (0.2,),
        "adjust_contrast": (1.7,), "per_image_standardization": (),
    }.items():
        fn("image_" + n, lambda x, f=getattr(tf.image, n): f(x, *args), xs=[images])
    for n, args in {
        "adjust_gamma": (1.5, 2.0), "adjust_saturation": (1.8,), "adjust_hue": (-0.3,), "rgb_to_hsv": (),
        "hsv_to_rgb": (), "rgb_to_yuv": (), "rgb_to_yiq": (), "grayscale_to_rgb": (),
    }.items():
        xs = [colors[..., :1] if n == "grayscale_to_rgb" else colors]
        fn("image_" + n, lambda x, f=getattr(tf.image, n): f(x, *args), xs=xs)
    fn("image_extract_patches", lambda x: tf.image.extract_patches(x, [1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 2, 1], "SAME"), xs=[images])
    la = tf.linalg
    for bounds in ((1, 0), (-1, 1), (0, -1)):
        fn(f"band_part_{bounds[0]}_{bounds[1]}", lambda x: la.band_part(x, *bounds), (4, 3))
    fn("matrix_diag", la.diag, (4,))
    fn("set_diag", la.set_diag, (4, 4), (4,))
    fn("diag_part", la.diag_part, (4, 4))
    fn("trace", la.trace, (2, 4, 4))
    fn("det", la.det, (3, 3))
    fn("inv", la.inv, (3, 3))
    fn("solve", la.solve, (3, 3), (3, 2))
    fn("matrix_transpose", la.matrix_transpose, (2, 4, 3))
    fn("normalize", lambda x: la.normalize(x, axis=1), (4, 3))
    fn("normalize_1", lambda x: la.normalize(x, ord=1, axis=-1), (4, 3))
    fn("cross", la.cross, (4, 3), (4, 3))
    fn("sequence_mask", lambda x: tf.sequence_mask(x, 4), xs=[np.abs(ints[:, 0])])
    fn("sequence_mask_float", lambda x: tf.sequence_mask(x, 5, tf.float32), xs=[ints])
    fn("cumprod", lambda x: tf.math.cumprod(x, axis=1), (4, 3))
    fn("cumprod_reverse", lambda x: tf.math.cumprod(x, axis=-1, reverse=True), (4, 3))
    fn("ones_like_ints", tf.ones_like, xs=[ints])
    fn("zeros_like_ints", tf.zeros_like, xs=[ints])
    fn("count_nonzero", lambda x: tf.math.count_nonzero(x, axis=1), xs=[ints // 3])
    fn("count_nonzero_keep", lambda x: tf.math.count_nonzero(x, axis=-1, keepdims=True, dtype=tf.int32), xs=[ints // 3])
    fn("strided_slice", lambda x: tf.strided_slice(x, [0, 1, 0], [0, 4, 3], [1, 2, 2], begin_mask=1, end_mask=1), (5, 3))
    fn("strided_slice_open", lambda x: tf.strided_slice(x, [0, 1, -2], [0, -1, 0], begin_mask=1, end_mask=5), (5, 3))
    fn("batch_flatten", tf_keras.backend.batch_flatten, (2, 3, 2))
    fn("old_softmax", lambda x: tf.compat.v1.nn.softmax(x, axis=1), (4, 3))
    fn("old_max_pool", lambda x: tf.compat.v1.nn.max_pool(x, 2, 2, "SAME"), (5, 7, 3))
    fn("old_depthwise", lambda x: tf.compat.v1.nn.depthwise_conv2d(x, np.linspace(-1, 1, 36).reshape(2, 3, 3, 2).astype("float32"), [1, 1, 1, 1], "SAME"), (5, 7, 3))
    fn("old_div", lambda x, y: tf.compat.v1.div(x, y), xs=[ints, np.abs(ints) + 1])
    fn("l2_normalize", lambda x: tf.math.l2_normalize(x, axis=-1), xs=[real])
    fn("l2_normalize_axis", lambda x: tf.math.l2_normalize(x, axis=1, epsilon=1e-6), (4, 3))
    fn("linalg_l2", lambda x: tf.linalg.l2_normalize(x, axis=-1), xs=[real])
    fn("pad", lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 3]]), (4, 3))
    fn("pad_value", lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 3]], constant_values=2.0), (4, 3))
    fn("pad_reflect", lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1]], mode="REFLECT"), (4, 3))
    fn("pad_symmetric", lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1]], "SYMMETRIC"), (4, 3))
    fn("split", lambda x: tf.split(x, 3, axis=-1), (2, 6))
    fn("split_sizes", lambda x: tf.split(x, [1, 3, 2], axis=1), (6, 2))
    fn("split_rest", lambda x: tf.split(x, [2, -1], axis=-1), (2, 6))
    fn("squeeze", lambda x: tf.squeeze(x, axis=2), (4, 1))
    fn("squeeze_list", lambda x: tf.squeeze(x, axis=[1, 3]), (1, 4, 1))
    fn("tile", lambda x: tf.tile(x, [1, 2, 3]), (2, 3))
    fn("where_tensor", lambda c, x, y: tf.where(c, x, y), xs=[real > 0, real, pos])
    fn("where_number", lambda c, x: tf.where(c, x, 0.5), xs=[real > 0, pos])
    fn("gather", lambda x: tf.gather(x, [2, 0, 1], axis=1), (4, 3))
    fn("gather_last", lambda x: tf.gather(x, [2, 0], axis=-1), (4, 3))
    fn("argmax", lambda x: tf.argmax(x, axis=-1), (4, 3))
    fn("argmax_1", lambda x: tf.argmax(x, axis=1, output_type=tf.int32), (4, 3))
    fn("argmin", lambda x: tf.argmin(x, axis=1), (4, 3))
    fn("one_hot", lambda x: tf.one_hot(x, 5), xs=[np.abs(ints) % 5])
    fn("one_hot_axis", lambda x: tf.one_hot(x, 5, axis=1), xs=[np.abs(ints) % 6])
    fn("norm", lambda x: tf.norm(x, axis=-1), (4, 3))
    fn("norm_1", lambda x: tf.norm(x, ord=1, axis=1, keepdims=True), (4, 3))
    fn("norm_inf", lambda x: tf.norm(x, ord=np.inf, axis=1), (4, 3))
    for n in "log_softmax elu selu softplus softsign swish".split():
        fn("nn_" + n, getattr(tf.nn, n), xs=[real])
    fn("log_softmax_axis", lambda x: tf.nn.log_softmax(x, axis=1), (4, 3))
    fn("stop_gradient", tf.stop_gradient, xs=[real])
    fn("identity", tf.identity, xs=[real])
    fn("add_n", lambda x, y: tf.add_n([x, y]), (4,), (4,))
    for n in "std variance prod logsumexp".split():
        fn("reduce_" + n, lambda x, f=getattr(tf, "reduce_" + n, None) or getattr(tf.math, "reduce_" + n): f(x, axis=[1, 2]), (4, 3))
        fn("reduce_keep_" + n, lambda x, f=getattr(tf, "reduce_" + n, None) or getattr(tf.math, "reduce_" + n): f(x, axis=-1, keepdims=True), (4, 3))
    fn("reduce_any", lambda x: tf.reduce_any(x, axis=1), xs=[real > 1])
    fn("squared_difference", tf.math.squared_difference, (4,), (4,))
    fn("max_pool2d", lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), (5, 7, 3))
    fn("max_pool2d_same", lambda x: tf.nn.max_pool2d(x, [3, 2], [2, 1], "SAME"), (5, 7, 3))
    fn("avg_pool2d", lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"), (5, 7, 3))
    fn("avg_pool_4", lambda x: tf.nn.avg_pool2d(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), (5, 7, 3))
    fn("cumsum", lambda x: tf.cumsum(x, axis=1), (4, 3))
    fn("cumsum_reverse", lambda x: tf.cumsum(x, axis=-1, reverse=True), (4, 3))
    fn("cumsum_exclusive", lambda x: tf.cumsum(x, axis=1, exclusive=True), (4, 3))
    fn("cumsum_both", lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True), (4, 3))
    fn("top_k", lambda x: tuple(tf.math.top_k(x, k=3)), xs=[real])
    fn("top_k_1", lambda x: tuple(tf.nn.top_k(x)), (2, 5))
    fn("unstack", lambda x: tf.unstack(x, axis=1), (3, 2))
    fn("unstack_last", lambda x: tf.unstack(x, num=2, axis=-1), (3, 2))
    for n in "erf sin cos tan expm1 ceil floor sinh cosh atan asinh sign round rint reciprocal log_sigmoid".split():
        fn("math_" + n, getattr(tf.math, n), xs=[real])
    for n in "asin acos atanh".split():
        fn("math_" + n, getattr(tf.math, n), xs=[real / 3.2])
    for n in "log1p acosh".split():
        fn("math_" + n, getattr(tf.math, n), xs=[pos + 1])
    for n in "floormod floordiv atan2 divide_no_nan xdivy multiply_no_nan less_equal greater_equal equal not_equal".split():
        fn("math_" + n, getattr(tf.math, n), xs=[real, pos])
    fn("floordiv_ints", lambda x, y: x // y, xs=[ints, np.abs(ints) + 1])
    fn("mod_ints", lambda x, y: x % y, xs=[ints, np.abs(ints) + 1])
    fn("mod_number", lambda x: x % 0.7, xs=[real])
    fn("roll", lambda x: tf.roll(x, 2, axis=1), (5, 2))
    fn("roll_two", lambda x: tf.roll(x, [1, -1], axis=[1, 2]), (5, 3))
    fn("tensordot", lambda x: tf.tensordot(x, k, axes=1), (2, 4))
    fn("tensordot_axes", lambda x: tf.tensordot(x, k, axes=[[1], [0]]), (4, 2))
    fn("depth_to_space", lambda x: tf.nn.depth_to_space(x, 2), (2, 3, 8))
    fn("space_to_depth", lambda x: tf.nn.space_to_depth(x, 2), (4, 6, 2))
    fn("rgb_to_grayscale", tf.image.rgb_to_grayscale, xs=[images])
    fn("conv2d", lambda x: tf.nn.conv2d(x, rng.normal(size=(3, 3, 3, 2)).astype("float32") * 0 + 0.5, 2, "SAME"), (5, 7, 3))
    fn("conv1d", lambda x: tf.nn.conv1d(x, np.ones((3, 3, 2), "float32"), 2, "VALID"), (7, 3))
    fn("matmul_vector", lambda x: tf.matmul(x, k), (2, 4))
    fn("matmul_a", lambda x, y: tf.matmul(x, y, transpose_a=True), (3, 2), (3, 4))
    fn("reverse", lambda x: tf.reverse(x, [1, -1]), (4, 3))
    fn("sort", lambda x: tf.sort(x, axis=1), (5, 2))
    fn("zeros_like", tf.zeros_like, (4,))
    fn("ones_like", tf.ones_like, (4,))
    fn("slice", lambda x: tf.slice(x, [0, 1, 2], [-1, 2, -1]), (4, 5))
    fn("plus_array", lambda x: x + np.array([1.0, 2, 3, 4, 5], "float32"), xs=[real])
    fn("minus_list", lambda x: x - [1.0, 2, 3, 4, 5], xs=[real])
    fn("clip_array", lambda x: tf.clip_by_value(x, -1.0, np.array([1.0, 2, 3, 4, 5], "float32")), xs=[real])
    for tag, cut in {
        "reverse": lambda x: x[:, ::-1], "reverse_step": lambda x: x[:, ::-2],
        "dots_end": lambda x: x[..., -2:], "dots_step": lambda x: x[..., ::2, :],
        "reverse_from": lambda x: x[..., 3::-1], "negative": lambda x: x[:, -3:-1, 1:],
        "new": lambda x: x[:, None, ..., 0], "step_3": lambda x: x[:, 1::3],
    }.items():
        fn("item_" + tag, cut, (5, 4))


if __name__ == "__main__":
    keras_operations()
    extremes()
    tf_functions()
    tf_extremes()
    for family, cases in CASES.items():
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        with open(os.path.join(FOLDER, f"{family}.json"), "w") as file:
            file.write(f"[\n{lines}\n]\n")
        print(family, len(cases))
