"""Further operations of the real Keras as nodes of functional models.

`layer_cases/more_operations.json` holds `keras.ops` as Keras 3 writes them,
`layer_cases/more_functions.json` functions of TensorFlow as Keras 2 writes
them, in the form of `make_operation_cases.py`.

Versions: keras 3.15.1, tf_keras 2.21.0, tensorflow 2.21.0.
Run: python tests/data/make_more_operation_cases.py
"""

import json
import os

import make_operation_cases as base
import keras
import numpy as np
import tensorflow as tf

op, fn = base.op, base.fn
inf, nan = np.inf, np.nan


def ints(*rows):
    return np.array(rows, "int32")


def floats(*rows):
    return np.array(rows, "float32")


def numbers():
    o = keras.ops
    rng = np.random.default_rng(41)
    real = rng.uniform(-3, 3, (3, 5)).astype("float32")
    some = rng.integers(-900, 900, (3, 4)).astype("int32")
    others = rng.integers(1, 99, (3, 4)).astype("int32")
    edges = floats([0, -0.0, nan, 1, -1], [inf, -inf, 2, 2, -0.0], [-0.0, 0, -0.0, 0, 0.5])
    op("angle", o.angle, xs=[edges])
    op("angle_ints", o.angle, xs=[some])
    op("imag", o.imag, xs=[edges])
    op("imag_ints", o.imag, xs=[some])
    op("erfinv", o.erfinv, xs=[floats([1, -1, 0, 0.3], [1.5, nan, 0.99, -0.7], [-0.9, 1e-20, -0.0, 0.9])])
    op("i0", o.i0, xs=[floats([0, 3.75, -3.75], [20, -80, 88], [3.7499, 30, -0.5])])
    for n in "bitwise_and bitwise_or bitwise_xor gcd lcm".split():
        op(n, getattr(o, n), xs=[some, others])
    op("bitwise_and_const", lambda x: o.bitwise_and(x, np.array([6, -8, 255, 1], "int32")), xs=[some])
    op("bitwise_not", o.bitwise_not, xs=[some])
    op("bitwise_invert", o.bitwise_invert, xs=[some])
    wide = ints([-2**31, 2**31 - 1, -1], [123456789, -987654321, 5], [0, -7, 1])
    by = ints([2**31 - 1, -2**31, 0], [-42, 42, -5], [0, -7, -1])
    for n in "bitwise_and bitwise_or bitwise_xor".split():
        op(n + "_wide", getattr(o, n), xs=[wide, by])
    for n in "left_shift right_shift bitwise_left_shift bitwise_right_shift".split():
        op(n, getattr(o, n), xs=[some, ints([0, 1, 5, 20], [31, 30, 29, 2], [3, 3, 7, 31])])
        op(n + "_const", lambda x, f=getattr(o, n): f(x, 3), xs=[some])
    op("gcd_large", o.gcd, xs=[ints([1836311903, 0], [2**31 - 1, 2**30], [1000000007, -12]), ints([1134903170, 0], [2**31 - 2, 2**20], [998244353, 0])])
    op("lcm_zero", o.lcm, xs=[ints([0, 5, 0], [6, 0, -4], [7, -9, 12]), ints([0, 0, 7], [4, 8, 6], [3, 6, -8])])
    op("unravel_index", lambda x: o.unravel_index(x, (3, 4, 5)), xs=[ints(0, 59, 34)])
    op("unravel_index_negative", lambda x: o.unravel_index(x, (3, 4)), xs=[ints(-1, 7, -12)])
    op("unravel_index_matrix", lambda x: o.unravel_index(x, (3, 4)), xs=[ints([0, 5], [11, 7], [3, 2])])
    op("saturate_cast_uint8", lambda x: o.saturate_cast(x, "uint8"), xs=[real * 300])
    op("saturate_cast_int8", lambda x: o.saturate_cast(x, "int8"), xs=[some])
    op("layer_normalization_ints", o.layer_normalization, xs=[some])
    op("rms_normalization_ints", o.rms_normalization, xs=[some])
    op("layer_normalization_axis", lambda x: o.layer_normalization(x, axis=1), (4, 3))
    op("rms_normalization_axes", lambda x: o.rms_normalization(x, axis=(1, 2)), (4, 3))


def order():
    """The index of each, and of equal ones the first; -0 below 0; NaN."""
    o = keras.ops
    edges = floats([0, -0.0, 3, 1, -1], [inf, -inf, 2, 2, -0.0], [-0.0, 0, -0.0, 0, 0.5])
    turned = np.stack([edges, edges[:, ::-1]], -1).copy()
    holes = floats([nan, 3, 1, nan], [nan, nan, nan, nan], [-inf, nan, -inf, nan])
    wide = ints([-2**31, 2**31 - 1, 0, -2**31], [2**31 - 1, 5, 2**31 - 1, -7], [3, 3, 3, 3])
    for n in "argmax argmin nanargmax nanargmin argsort sort".split():
        f = getattr(o, n)
        op(n + "_edges", lambda x: f(x, axis=-1), xs=[edges])
        op(n + "_edges_axis", lambda x: f(x, axis=1), xs=[turned])
        op(n + "_wide", lambda x: f(x, axis=1), xs=[wide])
        op(n + "_bool", lambda x: f(x, axis=1), xs=[edges > 0])
    for n in "argmax argmin nanargmax nanargmin".split():
        op(n + "_holes", lambda x, f=getattr(o, n): f(x, axis=1), xs=[holes if n != "argmin" else -holes])
    op("top_k_edges", lambda x: o.top_k(x, 4), xs=[edges])
    op("top_k_wide", lambda x: o.top_k(x, 3), xs=[wide])
    op("top_k_holes", lambda x: o.top_k(x, 2), xs=[floats([5, 3, nan, 1], [1, 0, nan, -inf], [-1, 4, 5, nan])])


def series():
    o = keras.ops
    pos = floats([0.5, 2, 3], [1, 4, 0.25], [2, 2, 9])
    op("linspace", lambda a, b: o.linspace(a, b, 4, axis=1), (5,), (5,))
    op("linspace_open", lambda a, b: o.linspace(a, b, 4, axis=-1, endpoint=False), (5,), (5,))
    op("linspace_one", lambda a, b: o.linspace(a, b, 1, axis=-1), (5,), (5,))
    op("linspace_number", lambda a: o.linspace(a, 1.0, 3, axis=1), (2, 3))
    op("linspace_ints", lambda a, b: o.linspace(a, b, 4, axis=-1), xs=[ints([1, 5], [-3, 2], [0, 0]), ints([7, 5], [4, -2], [1, 9])])
    op("logspace", lambda a, b: o.logspace(a, b, 4, axis=-1), (5,), (5,))
    op("logspace_base", lambda a, b: o.logspace(a, b, 4, axis=1, base=2, endpoint=False), (5,), (5,))
    op("vander", lambda x: o.vander(x, N=4), xs=[floats(0, -1.5, 2)])
    op("vander_up", lambda x: o.vander(x, N=5, increasing=True), xs=[floats(0.5, nan, 2)])
    op("vander_ints", lambda x: o.vander(x, N=4), xs=[ints(3, 0, -2)])
    op("kron_vector", lambda x: o.kron(x, floats(1, 2, 3)), (4,))
    op("kron_matrix", lambda x: o.kron(x, floats([1, -2, 3])), (4, 2))
    op("kron_left", lambda x: o.kron(floats(1, 2, 3), x), (4,))
    target = floats([1, 0, 0], [0, 1, 1], [0, 0, 1])
    logits = floats([3, -50, 2], [0, 90, -4], [1, 1, 1])
    op("binary_crossentropy", lambda a, b: o.binary_crossentropy(a, b, from_logits=True), xs=[target, logits])
    op("categorical_crossentropy", lambda a, b: o.categorical_crossentropy(a, b, from_logits=True), xs=[target, logits])
    op("categorical_crossentropy_axis", lambda a, b: o.categorical_crossentropy(a, b, from_logits=True, axis=1), (4, 3), (4, 3))
    op("sparse_crossentropy", lambda a, b: o.sparse_categorical_crossentropy(a, b, from_logits=True), xs=[ints(0, 1, 2), logits])
    op("sparse_crossentropy_column", lambda a, b: o.sparse_categorical_crossentropy(a, b, from_logits=True), xs=[ints([0], [1], [2]), logits])


def windows():
    o = keras.ops
    op("unfold", lambda x: o.unfold(x, 2), (3, 4, 5))
    op("unfold_all", lambda x: o.unfold(x, (2, 3), dilation=(2, 1), padding=1, stride=(1, 2)), (2, 5, 6))
    op("fold", lambda x: o.fold(x, (4, 5), (2, 2)), (8, 12))
    op("fold_all", lambda x: o.fold(x, (5, 6), (2, 3), dilation=(2, 1), padding=1, stride=(1, 2)), (12, 15))
    op("extract_sequences", lambda x: o.extract_sequences(x, 4, 2), (11,))
    op("extract_sequences_far", lambda x: o.extract_sequences(x, 3, 5), (2, 17))
    op("slice_update", lambda x, y: o.slice_update(x, [0, 1], y), (5,), (2,))
    op("slice_update_far", lambda x, y: o.slice_update(x, [0, 9, -1], y), (5, 4), (2, 2))
    op("slice_update_ints", lambda x, y: o.slice_update(x, [0, 1], y), xs=[ints([1, 2, 3], [4, 5, 6], [7, 8, 9]), ints([0], [-1], [5])])
    op("patches_3d", lambda x: o.image.extract_patches_3d(x, 2), (4, 5, 6, 2))
    op("patches_3d_same", lambda x: o.image.extract_patches_3d(x, (2, 3, 2), strides=(1, 2, 2), padding="same"), (4, 5, 6, 2))
    op("patches_3d_wide", lambda x: o.image.extract_patches_3d(x, 2, strides=1, dilation_rate=2), (4, 5, 6, 2))
    op("multi_hot_axis", lambda x: o.multi_hot(x, 5, axis=1), xs=[ints([0, 4], [2, 1], [3, 3])])


def linear():
    o = keras.ops
    op("cross_2", o.cross, (2,), (2,))
    op("cross_2_3", o.cross, (2,), (3,))
    op("cross_3_2", o.cross, (3,), (2,))
    op("cross_axis", lambda a, b: o.cross(a, b, axis=1), (3, 4), (3, 4))
    op("cross_axes", lambda a, b: o.cross(a, b, axisa=1, axisb=2, axisc=1), (3, 4), (4, 3))
    op("cross_ints", o.cross, xs=[ints([1, 2, 3], [4, 5, -6], [7, 0, 9]), ints([3, 2, 1], [-4, 0, 6], [7, 8, 9])])
    op("norm_least_sum", lambda x: o.norm(x, ord=-1, axis=(1, 2)), (4, 3))
    op("norm_least_row", lambda x: o.norm(x, ord=-np.inf, axis=(-1, 1), keepdims=True), (4, 3))
    op("einsum_dots_one", lambda x: o.einsum("...ij->...ji", x), (2, 3, 4))
    op("einsum_dots_three", lambda x, y, z: o.einsum("...i,...ij,...jk->...k", x, y, z), (3,), (3, 4), (4, 2))
    op("einsum_dots_broadcast", lambda x, y, z: o.einsum("b...i,b...j,bj->b...i", x, y, z), (1, 3), (4, 2), (2,))
    op("einsum_dots_sum", lambda x: o.einsum("b...i->b...", x), (2, 3, 4))
    op("einsum_implicit_one", lambda x: o.einsum("bji", x), (2, 3))
    op("einsum_diagonal", lambda x: o.einsum("bii->bi", x), (4, 4))
    op("einsum_trace", lambda x: o.einsum("bii->b", x), (4, 4))
    op("einsum_diagonal_two", lambda x, y: o.einsum("bii,bij->bj", x, y), (3, 3), (3, 4))


def images():
    o = keras.ops
    im = o.image
    rng = np.random.default_rng(42)
    pixels = rng.uniform(0, 255, (3, 6, 7, 3)).astype("float32")
    first = pixels.transpose(0, 3, 1, 2).copy()
    op("gaussian_blur", im.gaussian_blur, xs=[pixels])
    op("gaussian_blur_wide", lambda x: im.gaussian_blur(x, kernel_size=(5, 3), sigma=(0.7, 2.0)), xs=[pixels])
    op("gaussian_blur_first", lambda x: im.gaussian_blur(x, kernel_size=(3, 5), data_format="channels_first"), xs=[first])
    op("sobel_edges", im.sobel_edges, xs=[pixels])
    op("sobel_edges_first", lambda x: im.sobel_edges(x, data_format="channels_first"), xs=[first])
    large = rng.uniform(0, 1, (3, 13, 12, 2)).astype("float32")
    op("ssim", lambda x, y: im.ssim(x, y), xs=[large, (0.7 * large + 0.3 * large[::-1]).astype("float32")])
    op("ssim_small", lambda x, y: im.ssim(x, y, max_val=255.0, filter_size=3, filter_sigma=0.8), xs=[pixels, pixels[:, ::-1].copy()])
    for method in "linear cubic lanczos3 lanczos5".split():
        for tag, antialias in (("", True), ("_plain", False)):
            op(f"scale_and_translate_{method}{tag}", lambda x: im.scale_and_translate(x, (3, 4, 9, 3), floats(0.7, 1.31), floats(0.2, -0.6), (1, 2), method, antialias=antialias), xs=[pixels])
    op("scale_and_translate_last", lambda x: im.scale_and_translate(x, (3, 6, 5, 3), floats(0.61), floats(0.4), (-2,), "linear"), xs=[pixels])
    start = floats([0, 0], [6, 0], [0, 5], [6, 5])
    end = floats([1, 0.5], [5.5, 1], [0, 4.5], [6, 5.5])
    each = (end + rng.uniform(-0.3, 0.3, (3, 4, 2))).astype("float32")
    for kind in "bilinear nearest".split():
        op(f"perspective_{kind}", lambda x: im.perspective_transform(x, start, end, interpolation=kind, fill_value=3.0), xs=[pixels])
        op(f"perspective_each_{kind}", lambda x, a, b: im.perspective_transform(x, a, b, interpolation=kind), xs=[pixels, np.tile(start, (3, 1, 1)), each])
    transform = np.array([1, 0, 0, 0, 1, 0, 0, 0]) + rng.uniform(-2, 2, (3, 8)) * np.array([0.1, 0.1, 1, 0.1, 0.1, 1, 1e-3, 1e-3])
    for mode in "constant nearest reflect wrap".split():
        for kind in "bilinear nearest".split():
            op(f"affine_each_{mode}_{kind}", lambda x, t: im.affine_transform(x, t, interpolation=kind, fill_mode=mode, fill_value=2.0), xs=[pixels, transform.astype("float32")])
    places = np.stack([
        np.broadcast_to(np.arange(3).reshape(3, 1, 1), (3, 2, 4)),
        np.broadcast_to(rng.uniform(-3, 8, (1, 2, 4)), (3, 2, 4)),
        np.broadcast_to(rng.uniform(-3, 8, (1, 2, 4)), (3, 2, 4)),
    ]).astype("float32")
    maps = pixels[..., 0].copy()
    for number in (0, 1):
        for mode in "constant nearest wrap reflect".split():
            op(f"map_coordinates_{number}_{mode}", lambda x: im.map_coordinates(x, places, order=number, fill_mode=mode, fill_value=1.5), xs=[maps])
    op("map_coordinates_ints", lambda x: im.map_coordinates(x, places, order=1, fill_mode="nearest"), xs=[maps.astype("int32")])
    op("map_coordinates_points", lambda x: im.map_coordinates(x, places[:, :, 0, 0].copy(), order=1, fill_mode="reflect"), xs=[maps])
    colors = np.stack([
        np.broadcast_to(np.arange(3).reshape(3, 1, 1, 1), (3, 4, 5, 3)),
        np.broadcast_to(rng.uniform(0, 5, (4, 5, 1)), (3, 4, 5, 3)),
        np.broadcast_to(rng.uniform(0, 6, (4, 5, 1)), (3, 4, 5, 3)),
        np.broadcast_to(np.arange(3).reshape(1, 1, 1, 3), (3, 4, 5, 3)),
    ]).astype("float32")
    op("map_coordinates_colors", lambda x: im.map_coordinates(x, colors, order=1, fill_mode="nearest"), xs=[pixels])


def functions():
    rng = np.random.default_rng(43)
    m, la, nn, im = tf.math, tf.linalg, tf.nn, tf.image
    real = rng.uniform(-3, 3, (3, 5)).astype("float32")
    pos = rng.uniform(0.2, 3, (3, 5)).astype("float32")
    unit = rng.uniform(-0.95, 0.95, (3, 5)).astype("float32")
    zeros = floats([0, 0, 2, -1, 0], [1, 0, 0, 3, 2], [0, 1, 1, 0, -2])
    odd = floats([0, -2, 3, 0.5, 1e-3], [0, inf, 2, 0, 7], [nan, 1, 2, -0.5, 4])
    fn("xlogy", m.xlogy, xs=[zeros, odd])
    fn("xlog1py", m.xlog1py, xs=[zeros, odd])
    fn("xlogy_number", lambda x: m.xlogy(x, 2.5), xs=[zeros])
    fn("multiply_no_nan_zero", m.multiply_no_nan, xs=[odd, zeros])
    fn("divide_no_nan_zero", m.divide_no_nan, xs=[odd, zeros])
    fn("euclidean_norm", lambda x: m.reduce_euclidean_norm(x, axis=[1, -1]), (4, 3))
    for n in "erfinv ndtri erfcinv".split():
        fn("math_" + n, getattr(m, n), xs=[unit if n == "erfinv" else (unit + 1) / 2 if n == "ndtri" else unit + 1])
    for n in "bessel_i0 bessel_i1 bessel_i0e bessel_i1e".split():
        fn("math_" + n, getattr(m, n), xs=[real * 4])
    for tag, options in {"": {}, "_exclusive": {"exclusive": True}, "_reverse": {"reverse": True}, "_both": {"exclusive": True, "reverse": True}}.items():
        fn("cumulative_logsumexp" + tag, lambda x: m.cumulative_logsumexp(x, axis=1, **options), (5, 2))
    fn("cumulative_logsumexp_far", lambda x: m.cumulative_logsumexp(x, axis=-1), xs=[floats([-inf, -inf, 3], [1e4, 1, 2], [-200, 90, 90])])
    fn("polyval", lambda x: m.polyval([2.0, -1.0, 0.5], x), xs=[real])
    fn("accumulate_n", lambda x, y: m.accumulate_n([x, y]), (4,), (4,))
    fn("conj", m.conj, xs=[real])
    fn("real", m.real, xs=[real])
    fn("cumprod_exclusive", lambda x: m.cumprod(x, axis=1, exclusive=True), (4, 2))
    fn("cumprod_exclusive_back", lambda x: m.cumprod(x, axis=-1, exclusive=True, reverse=True), (4,))
    fn("in_top_k", lambda t, p: m.in_top_k(t, p, 2), xs=[ints(0, 3, 1), real])
    fn("clip_by_norm", lambda x: tf.clip_by_norm(x, 2.0, axes=[1]), (4, 3))
    fn("clip_by_norm_all", lambda x: tf.clip_by_norm(x, 1.5, [1, -1]), (4, 3))
    fn("clip_by_norm_zero", lambda x: tf.clip_by_norm(x, 2.0, axes=[1]), xs=[floats([0, 0], [3, 4], [-1, 0.5])])
    fn("linspace", lambda x, y: tf.linspace(x, y, 4, axis=1), (5,), (5,))
    for n in "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split():
        fn(n, getattr(tf.bitwise, n), xs=[ints([-900, 5], [77, -1], [2**30, 3]), ints([3, 1], [7, 4], [1, 0])])
    fn("bitwise_invert", tf.bitwise.invert, xs=[ints([-900, 5], [77, -1], [2**31 - 1, 3])])

    table = rng.normal(size=(4, 3, 2)).astype("float32")
    fn("gather_nd_table", lambda i: tf.gather_nd(table, i), xs=[ints([[0, 2], [3, 1]], [[2, 2], [1, 0]], [[0, 0], [3, 2]])])
    fn("gather_nd_rows", lambda i: tf.gather_nd(table, i), xs=[ints([[0], [3]], [[2], [1]], [[0], [3]])])
    maps = rng.normal(size=(3, 4, 3, 2)).astype("float32")
    fn("gather_nd_batch", lambda x, i: tf.gather_nd(x, i, batch_dims=1), xs=[maps, ints([[0, 2], [3, 1]], [[2, 2], [1, 0]], [[0, 0], [3, 2]])])
    fn("gather_nd_batch_one", lambda x, i: tf.gather_nd(x, i, batch_dims=1), xs=[maps, ints([0, 2], [2, 1], [3, 0])])
    fn("gather_nd_batch_deep", lambda x, i: tf.gather_nd(x, i, batch_dims=1), xs=[maps[..., 0].copy(), ints([[[0], [3]], [[1], [1]]], [[[2], [2]], [[1], [0]]], [[[0], [0]], [[3], [2]]])])
    fn("boolean_mask", lambda x: tf.boolean_mask(x, [True, False, True, True], axis=1), (4, 2))
    fn("boolean_mask_two", lambda x: tf.boolean_mask(x, np.array([[1, 0, 1], [0, 1, 1]], bool), axis=1), (2, 3, 2))
    bounds = np.sort(rng.normal(size=(3, 6)), 1).astype("float32")
    bounds[:, 2] = bounds[:, 3]
    values = np.concatenate([bounds[:, 2:3], rng.normal(size=(3, 3))], 1).astype("float32")
    for side in ("left", "right"):
        fn(f"searchsorted_{side}", lambda s, v: tf.searchsorted(s, v, side=side), xs=[bounds, values])
    steps = rng.normal(size=(3, 5, 2)).astype("float32")
    fn("reverse_sequence", lambda x, n: tf.reverse_sequence(x, n, seq_axis=1, batch_axis=0), xs=[steps, ints(0, 5, 3)])
    fn("reverse_sequence_last", lambda x, n: tf.reverse_sequence(x, n, seq_axis=2), xs=[steps.transpose(0, 2, 1).copy(), ints(2, 1, 5)])
    fn("signal_frame", lambda x: tf.signal.frame(x, 4, 3), (11,))
    fn("signal_frame_axis", lambda x: tf.signal.frame(x, 3, 2, axis=1), (8, 2))

    square = rng.normal(size=(3, 4, 4)).astype("float32")
    even = square @ square.transpose(0, 2, 1) + 0.5 * np.eye(4, dtype="float32")
    right = rng.normal(size=(3, 4, 2)).astype("float32")
    fn("adjoint", la.adjoint, (4, 3))
    fn("triangular_solve", la.triangular_solve, xs=[even, right])
    fn("triangular_solve_upper", lambda a, b: la.triangular_solve(a, b, lower=False), xs=[even, right])
    fn("cholesky_solve", la.cholesky_solve, xs=[np.linalg.cholesky(even).astype("float32"), right])

    labels = floats([1, 0, 0], [0, 1, 1], [0.2, 0.3, 0.5])
    logits = floats([3, -50, 2], [0, 90, -4], [1, 1, 1])
    fn("sigmoid_loss", lambda a, b: nn.sigmoid_cross_entropy_with_logits(labels=a, logits=b), xs=[labels, logits])
    fn("weighted_loss", lambda a, b: nn.weighted_cross_entropy_with_logits(a, b, 2.5), xs=[labels, logits])
    fn("softmax_loss", lambda a, b: nn.softmax_cross_entropy_with_logits(a, b), xs=[labels, logits])
    kernel = rng.normal(size=(2, 3, 2, 2, 3)).astype("float32")
    fn("conv3d", lambda x: nn.conv3d(x, kernel, [1, 1, 2, 1, 1], "SAME"), (4, 5, 4, 2))
    flat = rng.normal(size=(3, 2, 4, 3)).astype("float32")
    fn("conv2d_transpose", lambda x: nn.conv2d_transpose(x, flat, [3, 10, 8, 4], 2, "SAME"), (5, 4, 3))
    fn("conv2d_transpose_valid", lambda x: nn.conv2d_transpose(x, flat, [3, 11, 8, 4], [1, 2, 2, 1], "VALID"), (5, 4, 3))
    fn("conv1d_transpose", lambda x: nn.conv1d_transpose(x, flat[0], [3, 10, 4], 2, "SAME"), (5, 3))
    fn("conv3d_transpose", lambda x: nn.conv3d_transpose(x, kernel.transpose(0, 1, 2, 4, 3), [3, 4, 4, 6, 3], [1, 2, 2, 2, 1], "SAME"), (2, 2, 3, 2))
    fn("separable_conv2d", lambda x: nn.separable_conv2d(x, np.linspace(-1, 1, 36).reshape(3, 2, 3, 2).astype("float32"), np.linspace(-1, 1, 24).reshape(1, 1, 6, 4).astype("float32"), [1, 1, 1, 1], "SAME"), (5, 6, 3))
    fn("pool_max", lambda x: nn.pool(x, [2, 3], "MAX", strides=[2, 1], padding="SAME"), (5, 7, 3))
    fn("pool_average", lambda x: nn.pool(x, [2], "AVG"), (7, 3))
    window = rng.uniform(-1, 1, (3, 2, 2)).astype("float32")
    fn("dilation2d", lambda x: nn.dilation2d(x, window, [1, 2, 1, 1], "SAME", "NHWC", [1, 1, 2, 1]), (6, 7, 2))
    fn("erosion2d", lambda x: nn.erosion2d(x, window, [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1]), (6, 7, 2))
    fn("erosion2d_same", lambda x: nn.erosion2d(x, window, [1, 1, 2, 1], "SAME", "NHWC", [1, 1, 1, 1]), (6, 7, 2))

    pixels = rng.uniform(0, 1, (3, 12, 13, 3)).astype("float32")
    noisy = (0.8 * pixels + 0.2 * pixels[::-1]).astype("float32")
    small = pixels[:, :4, :5].copy()
    fn("image_ssim", lambda a, b: im.ssim(a, b, 1.0), xs=[pixels, noisy])
    fn("image_psnr", lambda a, b: im.psnr(a, b, 1.0), xs=[small, noisy[:, :4, :5].copy()])
    fn("image_yuv_to_rgb", im.yuv_to_rgb, xs=[small])
    fn("image_yiq_to_rgb", im.yiq_to_rgb, xs=[small])


def write(family, cases):
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    with open(os.path.join(base.FOLDER, f"{family}.json"), "w") as file:
        file.write(f"[\n{lines}\n]\n")
    print(family, len(cases))


if __name__ == "__main__":
    numbers()
    order()
    series()
    windows()
    linear()
    images()
    functions()
    write("more_operations", base.CASES["keras_operations"])
    write("more_functions", base.CASES["tf_functions"])
