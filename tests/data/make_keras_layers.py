"""Makes tests/data/keras_layers: 173 models of one layer each.

Each is `<name>.keras`, with `<name>.json`: inputs, and what Keras computed for
them. All weights are random, the moving averages and biases too.

Run with Keras 3.15.1 and jax 0.10.2 (KERAS_BACKEND=jax):
    python make_keras_layers.py [folder]
Weights and inputs come from one seed for each model; a second run gives the
same numbers, and the layers are those of the files that are kept here, but not
their numbers: those were drawn before this script was written.
"""

import json
import os
import sys
import zlib
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers as L

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "keras_layers"

FLAT = (6,)
ROWS = (4, 6)
LINE = (9, 3)
PLANE = (9, 8, 3)
SPACE = (6, 5, 4, 3)
PICTURE = (8, 8, 3)
STEPS = (5, 3)

CASES = {}


def case(name, make, *shapes, integers=None, call=None, adapt=False):
    """A layer on inputs of these shapes; `integers` is their bound."""
    CASES[name] = (make, shapes, integers, call, adapt)


ACTIVATIONS = """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear
log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus
sparse_sigmoid sparsemax squareplus tanh tanh_shrink""".split()
for act in ACTIVATIONS:
    case(f"act_{act}", lambda act=act: L.Activation(act), FLAT)

case("dense_gelu", lambda: L.Dense(3, activation="gelu"), FLAT)
case("dense_3d", lambda: L.Dense(3), ROWS)
case("dense_lrelu_obj", lambda: L.Dense(3, activation=L.LeakyReLU(negative_slope=0.2)), FLAT)
case(
    "dense_reg",
    lambda: L.Dense(3, kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1L2(0.001, 0.001),
                    activity_regularizer=keras.regularizers.L1(0.01),
                    kernel_constraint=keras.constraints.MaxNorm(2)),
    FLAT,
)
case("dense_orthreg", lambda: L.Dense(3, kernel_regularizer=keras.regularizers.OrthogonalRegularizer()), FLAT)
case("relu", lambda: L.ReLU(), FLAT)
case("relu_opts", lambda: L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), FLAT)
case("leaky", lambda: L.LeakyReLU(), FLAT)
case("leaky2", lambda: L.LeakyReLU(negative_slope=0.1), FLAT)
case("elu", lambda: L.ELU(), FLAT)
case("elu2", lambda: L.ELU(alpha=0.5), FLAT)
case("prelu", lambda: L.PReLU(), ROWS)
case("prelu_shared", lambda: L.PReLU(shared_axes=[1], alpha_initializer="random_uniform"), ROWS)
case("softmax", lambda: L.Softmax(), ROWS)
case("softmax_ax1", lambda: L.Softmax(axis=1), ROWS)
case("softmax_axes", lambda: L.Softmax(axis=[1, 2]), ROWS)

case("conv1d", lambda: L.Conv1D(4, 3), (10, 3))
case("conv1d_causal", lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2), (10, 3))
case("conv1d_groups", lambda: L.Conv1D(4, 3, groups=2), (10, 4))
case("conv2d", lambda: L.Conv2D(4, 3, strides=2, padding="same"), PICTURE)
case("conv2d_dil", lambda: L.Conv2D(4, 3, dilation_rate=2), PICTURE)
case("conv2d_groups", lambda: L.Conv2D(4, 3, groups=2), (8, 8, 4))
case("conv2d_cf", lambda: L.Conv2D(4, 3, data_format="channels_first"), (3, 8, 8))
case("conv3d", lambda: L.Conv3D(3, 2), (5, 6, 7, 2))
case("conv1dT", lambda: L.Conv1DTranspose(4, 3, strides=2), (8, 3))
case("conv2dT", lambda: L.Conv2DTranspose(4, 3, strides=2, padding="same"), (6, 6, 3))
case("conv2dT_op", lambda: L.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1), (6, 6, 3))
case("conv3dT", lambda: L.Conv3DTranspose(3, 2, strides=2), (4, 4, 4, 2))
case("sep1d", lambda: L.SeparableConv1D(4, 3), (8, 3))
case("sep2d", lambda: L.SeparableConv2D(4, 3, depth_multiplier=2), PICTURE)
case("dw1d", lambda: L.DepthwiseConv1D(3), (8, 3))
case("dw2d", lambda: L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2), PICTURE)
case("dw2d_dil", lambda: L.DepthwiseConv2D(3, dilation_rate=2), PICTURE)

for rank, shape in ((1, LINE), (2, PLANE), (3, SPACE)):
    def of(name, rank=rank):
        return getattr(L, f"{name}{rank}D")

    case(f"maxpool{rank}d", lambda of=of: of("MaxPooling")(2), shape)
    case(f"avgpool{rank}d_same", lambda of=of: of("AveragePooling")(3, strides=2, padding="same"), shape)
    case(f"gap{rank}d", lambda of=of: of("GlobalAveragePooling")(), shape)
    case(f"gap{rank}d_keep", lambda of=of: of("GlobalAveragePooling")(keepdims=True), shape)
    case(f"gmp{rank}d", lambda of=of: of("GlobalMaxPooling")(), shape)
    case(f"gmp{rank}d_keep", lambda of=of: of("GlobalMaxPooling")(keepdims=True), shape)
    case(f"up{rank}d", lambda of=of: of("UpSampling")(2), shape)
    case(f"zpad{rank}d", lambda of=of: of("ZeroPadding")(1), shape)
    case(f"crop{rank}d", lambda of=of: of("Cropping")(1), shape)
    case(f"sdrop{rank}d", lambda of=of: of("SpatialDropout")(0.3), shape)
    case(f"adavg{rank}d", lambda of=of: of("AdaptiveAveragePooling")(2), shape)
case("up2d_bilinear", lambda: L.UpSampling2D(2, interpolation="bilinear"), (5, 5, 2))
case("up2d_bicubic", lambda: L.UpSampling2D(2, interpolation="bicubic"), (5, 5, 2))
case("maxpool2d_cf", lambda: L.MaxPooling2D(2, data_format="channels_first"), (3, 8, 8))

for short, cls in (("lstm", L.LSTM), ("gru", L.GRU), ("simplernn", L.SimpleRNN)):
    gates = {} if cls is L.SimpleRNN else {"recurrent_activation": "hard_sigmoid"}
    case(short, lambda cls=cls: cls(4), STEPS)
    case(f"{short}_seq_back", lambda cls=cls: cls(4, return_sequences=True, go_backwards=True), STEPS)
    case(f"{short}_state", lambda cls=cls: cls(4, return_state=True), STEPS)
    case(f"{short}_hs", lambda cls=cls, gates=gates: cls(4, **gates), STEPS)
case("gru_noreset", lambda: L.GRU(4, reset_after=False), STEPS)
case("bi_lstm", lambda: L.Bidirectional(L.LSTM(4, return_sequences=True)), STEPS)
case("bi_lstm_sum", lambda: L.Bidirectional(L.LSTM(4), merge_mode="sum"), STEPS)
case("bi_gru", lambda: L.Bidirectional(L.GRU(4, reset_after=False)), STEPS)
case(
    "bi_back",
    lambda: L.Bidirectional(L.LSTM(4), backward_layer=L.LSTM(4, go_backwards=True, activation="relu")),
    STEPS,
)
case("rnn_stacked", lambda: L.RNN([L.LSTMCell(3), L.LSTMCell(4)]), STEPS)
case("rnn_cell", lambda: L.RNN(L.SimpleRNNCell(4)), STEPS)
case("convlstm1d", lambda: L.ConvLSTM1D(3, 2), (3, 6, 2))
case("convlstm2d", lambda: L.ConvLSTM2D(3, 2), (3, 6, 6, 2))
case("convlstm3d", lambda: L.ConvLSTM3D(2, 2), (2, 4, 4, 4, 2))
case("td_dense", lambda: L.TimeDistributed(L.Dense(2)), STEPS)
case("td_conv", lambda: L.TimeDistributed(L.Conv2D(2, 3)), (3, 6, 6, 2))

case("bn", lambda: L.BatchNormalization(), ROWS)
case("bn_ax1", lambda: L.BatchNormalization(axis=1), ROWS)
case("bn_noscale", lambda: L.BatchNormalization(scale=False), FLAT)
case("ln", lambda: L.LayerNormalization(), ROWS)
case("ln_axes", lambda: L.LayerNormalization(axis=[1, 2]), ROWS)
case("ln_rms", lambda: L.LayerNormalization(scale=False), FLAT)
case("gn", lambda: L.GroupNormalization(groups=3), ROWS)
case("rms", lambda: L.RMSNormalization(), FLAT)
case("unitn", lambda: L.UnitNormalization(), FLAT)
case("specn", lambda: L.SpectralNormalization(L.Dense(3)), FLAT)
case("norm", lambda: L.Normalization(), FLAT, adapt=True)
case("norm_mv", lambda: L.Normalization(mean=1.0, variance=4.0), FLAT)
case("rescale", lambda: L.Rescaling(1 / 127.5, offset=-1), PICTURE)
case("resize", lambda: L.Resizing(5, 6), PICTURE)
case("resize_near", lambda: L.Resizing(5, 6, interpolation="nearest"), PICTURE)
case("resize_crop", lambda: L.Resizing(5, 6, crop_to_aspect_ratio=True), (8, 10, 3))
case("centercrop", lambda: L.CenterCrop(4, 5), PICTURE)
case("flatten", lambda: L.Flatten(), ROWS)
case("reshape", lambda: L.Reshape((3, -1)), ROWS)
case("permute", lambda: L.Permute((2, 1)), ROWS)
case("repeat", lambda: L.RepeatVector(3), FLAT)
case("masking", lambda: L.Masking(), ROWS)
case("dropout", lambda: L.Dropout(0.4), FLAT)
case("gdrop", lambda: L.GaussianDropout(0.4), FLAT)
case("gnoise", lambda: L.GaussianNoise(0.4), FLAT)
case("adrop", lambda: L.AlphaDropout(0.4), FLAT)
case("actreg", lambda: L.ActivityRegularization(l1=0.1), FLAT)
case("ident", lambda: L.Identity(), FLAT)
case("einsum", lambda: L.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d"), ROWS)
case("embed", lambda: L.Embedding(10, 4), (5,), integers=10)
case("cat_onehot", lambda: L.CategoryEncoding(num_tokens=5, output_mode="one_hot"), (1,), integers=5)
case("cat_multi", lambda: L.CategoryEncoding(num_tokens=5, output_mode="multi_hot"), (4,), integers=5)
case("discret", lambda: L.Discretization(bin_boundaries=[-1.0, 0.0, 1.0]), FLAT)

for short, cls in (("add", L.Add), ("subtract", L.Subtract), ("multiply", L.Multiply), ("average", L.Average),
                   ("maximum", L.Maximum), ("minimum", L.Minimum), ("concatenate", L.Concatenate)):
    case(short, lambda cls=cls: cls(), ROWS, ROWS)
case("dot", lambda: L.Dot(axes=(2, 2)), ROWS, ROWS)
case("dot_norm", lambda: L.Dot(axes=1, normalize=True), FLAT, FLAT)
case("dot_last", lambda: L.Dot(axes=-1), ROWS, ROWS)
case("attention", lambda: L.Attention(), ROWS, ROWS)
case("addattention", lambda: L.AdditiveAttention(), ROWS, ROWS)


def query_value(layer, inputs):
    return layer(*inputs)


case("mha", lambda: L.MultiHeadAttention(2, 3), ROWS, ROWS, call=query_value)
case("gqa", lambda: L.GroupQueryAttention(3, 4, 2), ROWS, ROWS, call=query_value)
case("randflip", lambda: L.RandomFlip(), PICTURE)
case("randwidthless", lambda: L.RandomRotation(0.1), PICTURE)
case("melspec", lambda: L.MelSpectrogram(), (4096,))
case("stft", lambda: L.STFTSpectrogram(frame_length=64, frame_step=32), (512, 1))
case("revemb", lambda: L.ReversibleEmbedding(10, 4), (5,), integers=10)

BATCH = 3


def draw_weights(layer, random):
    """All weights anew: variances above 0, whole numbers as they are."""
    for weight in layer.weights:
        if "float" not in str(weight.dtype):
            continue
        values = random.standard_normal(weight.shape) * 0.5
        if "variance" in weight.path:
            values = np.abs(values) + 0.5
        if "gamma" in weight.path or "scale" in weight.path:
            values = values + 1
        weight.assign(values.astype("float32"))


def as_json(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": array.ravel().tolist()}


def make(name):
    make_layer, shapes, integers, call, adapt = CASES[name]
    seed = zlib.crc32(name.encode())
    random = np.random.default_rng(seed)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed % 2**31)
    dtype = "float32" if integers is None else "int32"
    arrays = [
        random.integers(0, integers, (BATCH, *shape)).astype(dtype) if integers
        else random.standard_normal((BATCH, *shape)).astype(dtype)
        for shape in shapes
    ]
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    layer = make_layer()
    if adapt:
        layer.adapt(random.standard_normal((50, *shapes[0])).astype("float32") * 2 + 1)
    outputs = call(layer, inputs) if call else layer(inputs if len(inputs) > 1 else inputs[0])
    if not adapt:
        draw_weights(layer, random)
    model = keras.Model(inputs, outputs)
    model.save(OUT / f"{name}.keras")
    # What is saved counts: it is loaded before it computes.
    model = keras.saving.load_model(OUT / f"{name}.keras", compile=False)
    found = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
    found = found if isinstance(found, (list, tuple)) else [found]
    text = json.dumps({"in": [as_json(a) for a in arrays], "out": [as_json(a) for a in found]})
    (OUT / f"{name}.json").write_text(text)


OUT.mkdir(parents=True, exist_ok=True)
for name in CASES:
    make(name)
(OUT / "manifest.json").write_text(json.dumps(list(CASES)))
print(f"{len(CASES)} models in {OUT}")
