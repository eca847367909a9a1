"""Draws of layers over maps: convolutions, pooling, borders, resizing."""

from _fuzz_draw import Feed, Plan


def placed(d, count, channels=None, first=0.15, unknown=True):
    """An input of maps, its channels, and the option that says where they are."""
    sizes, depth = d.sizes(count), channels or d.of(1, 2, 3, 4, 6)
    is_first = d.chance(first)
    shape = (depth, *sizes) if is_first else (*sizes, depth)
    start = 1 if is_first else 0
    axes = d.unknown(range(start, start + count)) if unknown else ()
    options = {"data_format": "channels_first"} if is_first else d.of(
        {}, {}, {"data_format": "channels_last"}
    )
    return Feed(shape, unknown=axes), depth, options


def steps(d, count, gaps=True):
    """Strides or dilation, now and then both."""
    kind = d.of("plain", "strides", "strides", "dilation", "both") if gaps else d.of("plain", "strides")
    options = {}
    if kind in ("strides", "both"):
        options["strides"] = d.ints(count, 1, 3)
    if kind in ("dilation", "both"):
        options["dilation_rate"] = d.ints(count, 1, 3)
    return options


def conv(d):
    count = d.of(1, 1, 2, 2, 3)
    feed, depth, options = placed(d, count)
    groups = d.of(*[g for g in (1, 1, 2, 3, depth) if depth % g == 0])
    paddings = ["valid", "same", "same"] + (["causal"] * 2 if count == 1 else [])
    layer = getattr(d.L, f"Conv{count}D")(
        groups * d.int(1, 3), d.ints(count, 1, 4), padding=d.of(*paddings), groups=groups,
        **d.some(activation=d.activation(), use_bias=d.chance(0.7)), **steps(d, count), **options,
    )
    return Plan(f"Conv{count}D", [feed], [layer])


def transposed(d):
    count = d.of(1, 2, 2, 3)
    feed, _, options = placed(d, count)
    more = {"output_padding": d.ints(count, 0, 2)} if d.chance(0.3) else {}
    layer = getattr(d.L, f"Conv{count}DTranspose")(
        d.int(1, 4), d.ints(count, 1, 4), padding=d.of("valid", "same"),
        **d.some(activation=d.activation(), use_bias=d.chance(0.7)),
        **steps(d, count), **more, **options,
    )
    return Plan(f"Conv{count}DTranspose", [feed], [layer])


def depthwise(d):
    count = d.of(1, 2)
    feed, _, options = placed(d, count)
    layer = getattr(d.L, f"DepthwiseConv{count}D")(
        d.ints(count, 1, 4), padding=d.of("valid", "same"), depth_multiplier=d.int(1, 3),
        **d.some(activation=d.activation(), use_bias=d.chance(0.7)), **same_strides(d, count), **options,
    )
    return Plan(f"DepthwiseConv{count}D", [feed], [layer])


def same_strides(d, count):
    """Depthwise convolutions of TensorFlow take one stride for all axes."""
    options = steps(d, count)
    if "strides" in options and d.chance(0.8):
        options["strides"] = d.int(1, 3)
    return options


def separable(d):
    count = d.of(1, 2)
    feed, _, options = placed(d, count)
    layer = getattr(d.L, f"SeparableConv{count}D")(
        d.int(1, 5), d.ints(count, 1, 4), padding=d.of("valid", "same"), depth_multiplier=d.int(1, 3),
        **d.some(activation=d.activation(), use_bias=d.chance(0.7)), **same_strides(d, count), **options,
    )
    return Plan(f"SeparableConv{count}D", [feed], [layer])


def pooling(d):
    count, kind = d.of(1, 2, 3), d.of("Max", "Average")
    feed, _, options = placed(d, count)
    more = {"strides": d.ints(count, 1, 4)} if d.chance(0.6) else {}
    layer = getattr(d.L, f"{kind}Pooling{count}D")(
        d.ints(count, 1, 4), padding=d.of("valid", "same"), **more, **options
    )
    return Plan(f"{kind}Pooling{count}D", [feed], [layer])


def global_pooling(d):
    count, kind = d.of(1, 2, 3), d.of("Max", "Average")
    feed, _, options = placed(d, count)
    name = f"Global{kind}Pooling{count}D"
    layers = [getattr(d.L, name)(**d.some(keepdims=d.chance(0.5)), **options)]
    if name == "GlobalAveragePooling1D" and d.chance(0.5):
        feed.holes = d.of(0.0, 1.0)
        layers.insert(0, d.L.Masking(feed.holes))
    return Plan(name, [feed], layers)


def adaptive_pooling(d):
    count, kind = d.of(1, 2, 3), d.of("Max", "Average")
    feed, _, options = placed(d, count, unknown=False)
    name = f"Adaptive{kind}Pooling{count}D"
    return Plan(name, [feed], [getattr(d.L, name)(d.ints(count, 1, 6), **options)])


def borders(d):
    count, kind = d.of(1, 2, 3), d.of("ZeroPadding", "Cropping")
    feed, _, options = placed(d, count)
    if count == 1 and not d.is3:
        feed, _, options = placed(d, count, first=0)
        options = {}
    most = 3 if kind == "ZeroPadding" else 1
    pair = lambda: (d.int(0, most), d.int(0, most))
    amount = d.of(d.int(0, most), d.ints(count, 0, most) if count > 1 else pair(),
                  tuple(pair() for _ in range(count)) if count > 1 else pair())
    if kind == "Cropping" and count == 1:
        options = {k: v for k, v in options.items() if d.is3}
    layer = getattr(d.L, f"{kind}{count}D")(amount, **options)
    return Plan(f"{kind}{count}D", [feed], [layer])


def up_sampling(d):
    count = d.of(1, 2, 2, 2, 3)
    feed, _, options = placed(d, count)
    if count == 1:
        feed, _, options = placed(d, 1, first=0)
        return Plan("UpSampling1D", [feed], [d.L.UpSampling1D(d.int(1, 4))])
    if count == 2:
        kinds = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
        options["interpolation"] = d.of(*kinds, *([] if d.is3 else ["area", "gaussian", "mitchellcubic"]))
    layer = getattr(d.L, f"UpSampling{count}D")(d.ints(count, 1, 4), **options)
    return Plan(f"UpSampling{count}D", [feed], [layer])


def resizing(d):
    feed, _, options = placed(d, 2, first=0.15 if d.is3 else 0)
    options = options if d.is3 else {}
    kinds = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
    if not d.is3:
        kinds += ["area", "gaussian", "mitchellcubic"]
    more = {}
    shape = d.of("plain", "plain", "crop", "pad" if d.is3 else "crop")
    if shape == "crop":
        more["crop_to_aspect_ratio"] = True
    if shape == "pad":
        more.update(pad_to_aspect_ratio=True, **d.some(fill_value=d.real(-1, 1)))
    if d.is3 and d.chance(0.1):
        more["antialias"] = True
    layer = d.L.Resizing(d.int(1, 9), d.int(1, 9), interpolation=d.of(*kinds), **more, **options)
    # Where a row falls between two, Keras' float32 decides on nearest.
    return Plan("Resizing", [feed], [layer])


def center_crop(d):
    feed, _, options = placed(d, 2, first=0.15 if d.is3 else 0)
    options = options if d.is3 else {}
    return Plan("CenterCrop", [feed], [d.L.CenterCrop(d.int(1, 5), d.int(1, 5), **options)])


def spectrogram(d):
    length, time = d.of(4, 5, 8, 9), d.int(10, 24)
    is_first = d.chance(0.2)
    feed = Feed((d.int(1, 2), time) if is_first else (time, d.int(1, 2)))
    layer = d.L.STFTSpectrogram(
        mode=d.of("log", "magnitude", "psd", "real", "imag", "stft", "angle"), frame_length=length,
        data_format="channels_first" if is_first else "channels_last",
        **d.some(frame_step=d.int(1, length), fft_length=d.of(8, 16), window=d.of("hann", "hamming", None),
                 periodic=d.chance(0.5), scaling=d.of("density", "spectrum", None),
                 padding=d.of("valid", "same"), expand_dims=d.chance(0.5)),
    )
    plan = Plan("STFTSpectrogram", [feed], [layer])
    plan.notes["keep_weights"] = True
    return plan


def conv_recurrent(d):
    count = d.of(1, 2, 2, 3)
    feed, _, options = placed(d, count, first=0.1, unknown=False)
    feed.shape = (d.int(1, 4), *feed.shape)
    layers = []
    if d.chance(0.3):
        feed.holes = 0.0
        layers.append(d.L.Masking(0.0))
    layers.append(getattr(d.L, f"ConvLSTM{count}D")(
        d.int(1, 3), d.ints(count, 1, 3), padding=d.of("valid", "same"),
        **d.some(activation=d.activation(False), recurrent_activation=d.of("sigmoid", "hard_sigmoid", "tanh"),
                 use_bias=d.chance(0.7), return_sequences=d.chance(0.6), go_backwards=d.chance(0.4)),
        **steps(d, count), **options,
    ))
    return Plan(f"ConvLSTM{count}D", [feed], layers)


MAPS = {
    conv: 12, transposed: 9, depthwise: 6, separable: 6, pooling: 7, global_pooling: 4,
    borders: 4, up_sampling: 5, resizing: 5, center_crop: 1, conv_recurrent: 4,
}
MAPS_KERAS_3 = {adaptive_pooling: 4, spectrogram: 3}
