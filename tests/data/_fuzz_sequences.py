"""Draws of layers over time: recurrent, wrappers, embeddings, attention."""

from _fuzz_draw import Feed, Plan


def source(d, depth=None):
    """A sequence: an input, and what makes it a tensor, with a mask or without."""
    time, depth = d.int(1, 6), depth or d.int(1, 4)
    unknown = (0,) if d.chance(0.2) else ()
    kind = d.of("plain", "plain", "masking", "masking", "embedding")
    if kind == "plain":
        return Feed((time, depth), unknown=unknown), lambda x: x, False
    if kind == "masking":
        value = d.of(0.0, 0.0, -1.0)
        layer = d.L.Masking(value)
        return Feed((time, depth), unknown=unknown, holes=value), layer, True
    most = d.int(2, 6)
    layer = d.L.Embedding(most, depth, mask_zero=d.chance(0.8))
    return Feed((time,), "ids", most, unknown, 0.0), layer, layer.mask_zero


def gates(d, name):
    options = {"activation": d.activation(), "use_bias": d.chance(0.7)}
    if name != "SimpleRNN":
        options["recurrent_activation"] = d.of("sigmoid", "hard_sigmoid", "tanh", "relu", "linear", "softmax")
    if name == "GRU":
        options["reset_after"] = d.chance(0.5)
    return d.some(**options)


def recurrent_layer(d, **more):
    name = d.of("SimpleRNN", "LSTM", "GRU", "LSTM", "GRU", "RNN")
    options = d.some(go_backwards=d.chance(0.5), zero_output_for_mask=d.chance(0.4))
    if d.chance(0.1):
        options["unroll"] = True
    options.update(more)
    if name != "RNN":
        return name, getattr(d.L, name)(d.int(1, 5), **gates(d, name), **options)
    cells = []
    for _ in range(d.int(1, 3)):
        kind = d.of("SimpleRNN", "LSTM", "GRU")
        cells.append(getattr(d.L, f"{kind}Cell")(d.int(1, 4), **gates(d, kind)))
    if len(cells) == 1 and d.chance(0.7):
        return name, d.L.RNN(cells[0], **options)
    return name, d.L.RNN(d.of(cells, d.L.StackedRNNCells(cells)), **options)


def states_of(layer):
    size = layer.state_size if hasattr(layer, "state_size") else None
    size = size if size is not None else layer.cell.state_size
    flat = size if isinstance(size, (list, tuple)) else [size]
    return [s for one in flat for s in (one if isinstance(one, (list, tuple)) else [one])]


def recurrent(d):
    feed, enter, is_masked = source(d)
    sequences, state = d.chance(0.6), d.chance(0.35)
    name, layer = recurrent_layer(d, return_sequences=sequences, return_state=state)
    feeds, mean = [feed], d.L.GlobalAveragePooling1D()
    from_state = name != "RNN" and d.chance(0.25)
    if from_state:
        feeds += [Feed((size,)) for size in states_of(layer)]
    by_input = not is_masked and len(feed.unknown) == 0 and d.chance(0.2)
    if by_input:
        feeds.append(Feed(feed.shape[:1], "mask"))

    def build(xs):
        xs = list(xs)
        more = {"mask": xs.pop()} if by_input else {}
        if from_state:
            more["initial_state"] = xs[1:]
        found = layer(enter(xs[0]), **more)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        return [*found, mean(found[0])] if sequences else found

    return Plan(name, feeds, build=build, static=layer.unroll)


def bidirectional(d):
    feed, enter, _ = source(d)
    sequences, state = d.chance(0.6), d.chance(0.3)
    name, layer = recurrent_layer(d, return_sequences=sequences, return_state=state)
    more = {}
    if d.chance(0.25) and name != "RNN":
        back = getattr(d.L, name)(layer.units, return_sequences=sequences, return_state=state,
                                  go_backwards=not layer.go_backwards, **gates(d, name))
        more["backward_layer"] = back
    mode = d.of("concat", "concat", "sum", "mul", "ave", None)
    both, mean = d.L.Bidirectional(layer, merge_mode=mode, **more), d.L.GlobalAveragePooling1D()

    def build(xs):
        found = both(enter(xs[0]))
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        return [*found, mean(found[0])] if sequences and mode is not None else found

    return Plan(f"Bidirectional({name})", [feed], build=build, static=layer.unroll)


def distributed(d):
    time = d.int(1, 4)
    kind = d.of("Dense", "Conv2D", "Flatten", "BatchNormalization", "LSTM", "Dropout", "MaxPooling1D")
    shape, inner = {
        "Dense": lambda: ((d.int(1, 4),), d.L.Dense(d.int(1, 4), activation=d.activation())),
        "Conv2D": lambda: ((4, 3, 2), d.L.Conv2D(2, d.ints(2, 1, 3), padding="same", strides=d.int(1, 2))),
        "Flatten": lambda: ((2, 3), d.L.Flatten()),
        "BatchNormalization": lambda: ((2, 3), d.L.BatchNormalization(axis=d.of(-1, 1))),
        "LSTM": lambda: ((4, 2), d.L.LSTM(d.int(1, 3), return_sequences=d.chance(0.5))),
        "Dropout": lambda: ((3,), d.L.Dropout(0.5)),
        "MaxPooling1D": lambda: ((5, 2), d.L.MaxPooling1D(2)),
    }[kind]()
    feed = Feed((time, *shape))
    layers = [d.L.TimeDistributed(inner)]
    if d.chance(0.35):
        feed.holes = 0.0
        layers.insert(0, d.L.Masking(0.0))
    if kind == "Dense":
        layers.append(d.of(d.L.GlobalAveragePooling1D(), d.L.LSTM(2)))
    return Plan(f"TimeDistributed({kind})", [feed], layers)


def masking(d):
    """What becomes of a mask behind other layers."""
    feed, enter, _ = source(d)
    between = [d.of(
        lambda: d.L.Dense(3, activation=d.activation()), lambda: d.L.Dropout(0.2), lambda: d.L.LayerNormalization(),
        lambda: d.L.Conv1D(3, d.int(1, 3), padding=d.of("same", "causal")), lambda: d.L.Activation("tanh"),
        lambda: d.L.BatchNormalization(), lambda: d.L.PReLU(), lambda: d.L.SpatialDropout1D(0.2),
        lambda: d.L.LSTM(3, return_sequences=True), lambda: d.L.UnitNormalization(), lambda: d.L.Softmax(),
        lambda: d.L.Reshape((-1, 1)), lambda: d.L.ZeroPadding1D(1), lambda: d.L.UpSampling1D(2),
        lambda: d.L.Permute((2, 1)), lambda: d.L.MaxPooling1D(1), lambda: d.L.ReLU(), lambda: d.L.LeakyReLU(),
        lambda: d.L.ELU(), lambda: d.L.Rescaling(2.0), lambda: d.L.GaussianNoise(0.1), lambda: d.L.Cropping1D(0),
    )() for _ in range(d.int(1, 2))]
    last = d.of(lambda: d.L.GlobalAveragePooling1D(), lambda: d.L.LSTM(2), lambda: d.L.GRU(2, return_sequences=True),
                lambda: d.L.Flatten())()
    names = "+".join(type(layer).__name__ for layer in between)
    layers = [*([enter] if isinstance(enter, d.L.Layer) else []), *between, last]
    return Plan(f"masked {names}", [feed], layers)


def embedding(d):
    most = d.int(2, 7)
    feed = Feed(tuple(d.int(1, 4) for _ in range(d.int(1, 2))), "ids", most)
    if d.is3 and d.chance(0.4):
        layer = d.L.ReversibleEmbedding(most, d.int(1, 4), tie_weights=d.chance(0.5),
                                        **d.some(mask_zero=d.chance(0.5), logit_soft_cap=d.of(None, 2.0)))

        def build(xs):
            e = layer(xs[0])
            return layer(e * 1.5, reverse=True)

        return Plan("ReversibleEmbedding", [feed], build=build)
    layer = d.L.Embedding(most, d.int(1, 5), **d.some(mask_zero=d.chance(0.5)))
    return Plan("Embedding", [feed], [layer])


def attention(d):
    name, depth = d.of("Attention", "AdditiveAttention"), d.int(1, 4)
    count = d.of(2, 2, 3)
    feeds, enters = [], []
    for _ in range(count):
        feed, enter, _ = source(d, depth)
        feed.unknown = ()
        feeds.append(feed)
        enters.append(enter)
    if count == 3:
        feeds[2].shape = (feeds[1].shape[0], *feeds[2].shape[1:])
    options = d.some(use_scale=d.chance(0.6))
    if name == "Attention":
        options.update(d.some(score_mode=d.of("dot", "concat")))
    layer = getattr(d.L, name)(**options)
    call = d.some(use_causal_mask=d.chance(0.5), return_attention_scores=d.chance(0.4))
    order = lambda e: e

    def build(xs):
        found = layer(order([enter(x) for enter, x in zip(enters, xs)]), **call)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        return found

    return Plan(name, feeds, build=build)


def multi_head(d):
    is_grouped = d.is3 and d.chance(0.35)
    depth, same = d.int(1, 4), d.chance(0.4)
    heads, size = d.int(1, 3), d.int(1, 4)
    feeds, enters = [], []
    for _ in range(1 if same else d.of(2, 2, 3)):
        feed, enter, _ = source(d, None if len(feeds) == 2 and not is_grouped else depth)
        feed.unknown = ()
        feeds.append(feed)
        enters.append(enter)
    if len(feeds) == 3:
        feeds[2].shape = (feeds[1].shape[0], *feeds[2].shape[1:])
    options = d.some(use_bias=d.chance(0.6))
    if d.is3:
        options.update({k: v for k, v in dict(use_gate=True, sliding_window=d.int(1, 3)).items() if d.chance(0.15)})
    if is_grouped:
        name = "GroupQueryAttention"
        layer = d.L.GroupQueryAttention(size, heads * d.int(1, 2), heads, **options)
    else:
        name = "MultiHeadAttention"
        more = d.some(value_dim=d.of(None, d.int(1, 4)), output_shape=d.of(None, d.int(1, 5)))
        layer = d.L.MultiHeadAttention(heads, size, **more, **options)
    call = d.some(use_causal_mask=d.chance(0.4), return_attention_scores=d.chance(0.3))
    times = [feed.shape[0] for feed in feeds]
    times = [times[0], times[-1 if same else 1]]
    has_mask = d.chance(0.25)
    if has_mask:
        feeds.append(Feed(d.of((times[0], times[1]), (1, times[1])), "mask"))
    mean = d.L.GlobalAveragePooling1D()

    def build(xs):
        xs = list(xs)
        given = {**call, **({"attention_mask": xs.pop()} if has_mask else {})}
        tensors = [enter(x) for enter, x in zip(enters, xs)]
        tensors = tensors * 2 if same else tensors
        found = layer(*tensors, **given)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        return [*found, mean(found[0])]

    return Plan(name, feeds, build=build)


SEQUENCES = {
    recurrent: 12, bidirectional: 8, distributed: 4, masking: 8, embedding: 2, attention: 6, multi_head: 9,
}
SEQUENCES_KERAS_3 = {}
