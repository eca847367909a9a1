"""Models drawn for seeds from 300: layers on strings and on numbers that stand
for something, and what may follow them."""

from _fuzz_draw import LETTERS, Feed, Plan


def vocabulary(d, values):
    return [values[i] for i in d.rng.permutation(len(values))[: d.int(2, len(values))]]


def encoding(d, counts, mode):
    """An output mode, and what it needs."""
    options = {"output_mode": mode}
    if mode == "tf_idf":
        options["idf_weights"] = [d.real(0.1, 3) for _ in range(counts)]
    if mode != "int" and d.chance(0.3):
        options.update(pad_to_max_tokens=True, max_tokens=counts + d.int(5, 8))
    return options


def vectorization(d):
    split = d.of("whitespace", "whitespace", "character")
    tokens = vocabulary(d, ["a", "b", "cat", "the", "über", "dont", "x", "a b", "cat the", "ß"])
    options = {
        **encoding(d, len(tokens), d.of("int", "int", "multi_hot", "count", "tf_idf")),
        **d.some(
            standardize=d.of("lower_and_strip_punctuation", "lower", "strip_punctuation", None),
            split=split,
            ngrams=d.of(None, 1, 2, (1, 3)),
        ),
    }
    if options["output_mode"] == "int":
        options.update(d.some(output_sequence_length=d.int(1, 9)))
    return d.L.TextVectorization(vocabulary=tokens, **options), len(tokens) + 2


def lookup(d, cls, values, masks):
    tokens = vocabulary(d, values)
    mode = d.of("int", "int", "one_hot", "multi_hot", "count", "tf_idf")
    options = encoding(d, len(tokens), mode)
    options.update(d.some(num_oov_indices=d.int(1, 4), mask_token=d.of(None, *masks)))
    return cls(vocabulary=tokens, **options), len(tokens) + 6


def hashing(d, masks):
    bins = d.int(2, 50)
    mode = d.of("int", "int", "one_hot", "multi_hot", "count")
    salt = d.of(None, 7, [3, 2**40])
    return d.L.Hashing(bins, output_mode=mode, salt=salt, mask_value=d.of(None, *masks)), bins


def after(d, y, rows):
    """What may follow indices or counts."""
    L = d.L
    if str(getattr(y.dtype, "name", y.dtype)).startswith("float"):
        return d.of(lambda: y, lambda: L.Dense(3, activation="tanh")(y))()
    if len(y.shape) != 2 or d.chance(0.3):
        return y
    if y.shape[1] is not None and d.chance(0.4):
        return L.CategoryEncoding(rows, output_mode=d.of("multi_hot", "count"))(y)
    x = L.Embedding(rows, 3, mask_zero=d.chance(0.5))(y)
    return d.of(
        lambda: L.GlobalMaxPooling1D()(x), lambda: L.LSTM(2)(x), lambda: L.GRU(2, return_sequences=True)(x), lambda: x,
    )()


def texts(d):
    kind = d.of("vectorization", "vectorization", "strings", "integers", "hashing", "hashed integers", "crossing")
    width = 1 if kind in ("vectorization", "crossing") else d.int(1, 3)
    words, ids = Feed((width,), "text"), Feed((width,), "ids", most=30)
    if kind == "crossing":
        bins, mode = d.int(2, 2000), d.of("int", "one_hot")
        feeds = [d.of(words, ids), d.of(words, ids)]
        cross = lambda tensors: d.L.HashedCrossing(bins, output_mode=mode)(tensors)
        return Plan("HashedCrossing", feeds, build=cross, smooth=False)
    layer, rows = {
        "vectorization": lambda: vectorization(d),
        "strings": lambda: lookup(d, d.L.StringLookup, LETTERS[:-2], ("", "a")),
        "integers": lambda: lookup(d, d.L.IntegerLookup, list(range(1, 12)), (0, 3)),
        "hashing": lambda: hashing(d, ("", "a")),
        "hashed integers": lambda: hashing(d, (0, 5)),
    }[kind]()
    feed = ids if "integers" in kind else words
    feed.most = 12 if kind == "vectorization" else 1
    if feed is ids:
        feed.most = 30
    return Plan(type(layer).__name__, [feed], build=lambda tensors: after(d, layer(tensors[0]), rows), smooth=False)
