"""A Keras network in PyTorch: the same layers as torch.nn modules, channels first.

Zeros around a map on all sides alike become the padding of the convolution or
the pooling behind them, as one writes it in PyTorch. The head is linear.
"""

import torch
from torch import nn
from torch.nn import functional as F

ACTIVATIONS = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "softmax": nn.Identity,  # logits are asked for
}


class TorchNetwork(nn.Module):
    """Runs the layers in Keras' order; `module_of` finds one by its name."""

    def __init__(self, config, weights):
        super().__init__()
        self.steps = []
        self.parts = nn.ModuleDict()
        paddings, last = {}, None
        for layer in config["layers"]:
            kind, name, options = layer["class_name"], layer["name"], layer["config"]
            sources = sources_of(layer)
            own = [torch.from_numpy(w) for w in arrays_of(weights, name)]
            if kind == "InputLayer":
                self.input = name
                continue
            if kind == "ZeroPadding2D":
                (top, bottom), (left, right) = options["padding"]
                if top == bottom == left == right:
                    paddings[name] = (sources[0], top)
                    continue
            padding = 0
            if sources[0] in paddings:
                sources[0], padding = paddings[sources[0]]
            self.parts[name] = MAKERS[kind](options, own, padding)
            self.steps.append((name, self.parts[name], sources))
            last = name
        self.last = last
        self.release = released_after(self.steps)

    def module_of(self, name):
        return self.parts[name]

    def forward(self, x):
        values = {self.input: x}
        for (name, part, sources), over in zip(self.steps, self.release):
            values[name] = part(*[values[source] for source in sources])
            for source in over:
                del values[source]
        return values[self.last]


def released_after(steps):
    """Values that nobody needs after a step, so that they are freed as in code by hand."""
    last_use = {}
    for i, (_, _, sources) in enumerate(steps):
        for source in sources:
            last_use[source] = i
    return [[s for s, last in last_use.items() if last == i] for i in range(len(steps))]


def sources_of(layer):
    """Names of the layers that a layer is called on."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            if "keras_history" in value:
                found.append(value["keras_history"][0])
            else:
                for inner in value.values():
                    walk(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                walk(inner)

    for node in layer["inbound_nodes"]:
        walk(node["args"])
    return found


def arrays_of(weights, name):
    return [weights[f"{name}/{i}"] for i in range(9) if f"{name}/{i}" in weights]


def filled(module, **values):
    """A module with these parameters and buffers."""
    for key, value in values.items():
        if value is not None:
            getattr(module, key).data.copy_(value)
    return module


def activated(module, options):
    activation = ACTIVATIONS[options.get("activation") or "linear"]()
    if isinstance(activation, nn.Identity):
        return module
    return nn.Sequential(module, activation)


def conv(options, own, padding):
    kernel, bias = own[0], own[1] if len(own) > 1 else None
    height, width, channels, many = kernel.shape
    is_depthwise = "depth_multiplier" in options
    (stride, _), size = options["strides"], height
    before = None
    if options["padding"] == "same" and stride == 1:
        padding = size // 2
    elif options["padding"] == "same":  # over a map that the stride divides
        total = max(size - stride, 0)
        before = nn.ZeroPad2d((total // 2, total - total // 2) * 2)
    module = nn.Conv2d(
        channels,
        channels * many if is_depthwise else many,
        (height, width),
        stride,
        padding,
        groups=channels if is_depthwise else 1,
        bias=bias is not None,
    )
    order = (2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1)
    filled(module, weight=kernel.permute(order), bias=bias)
    return activated(nn.Sequential(before, module) if before else module, options)


def batch_norm(options, own, _):
    gamma, beta, mean, variance = own
    module = nn.BatchNorm2d(len(gamma), eps=options["epsilon"])
    return filled(module, weight=gamma, bias=beta, running_mean=mean, running_var=variance)


def layer_norm(options, own, _):
    gamma, beta = own
    return filled(nn.LayerNorm(len(gamma), eps=options["epsilon"]), weight=gamma, bias=beta)


def dense(options, own, _):
    kernel, bias = own
    return activated(filled(nn.Linear(*kernel.shape), weight=kernel.T, bias=bias), options)


def relu(options, _, __):
    assert options["max_value"] in (None, 6) and not options["negative_slope"]
    return nn.ReLU6() if options["max_value"] else nn.ReLU()


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def zeros(options, _, __):
    (top, bottom), (left, right) = options["padding"]
    return nn.ZeroPad2d((left, right, top, bottom))


def pool(options, _, padding):
    return nn.MaxPool2d(options["pool_size"], options["strides"], padding)


def reshape(options, _, __):
    shape = tuple(options["target_shape"])
    if len(shape) == 3:  # [1, 1, channels]
        return Lambda(lambda x: x.reshape(len(x), shape[2], *shape[:2]))
    return Lambda(lambda x: x.flatten(2).transpose(1, 2))  # places, channels


def flatten(_, __, ___):
    """In Keras' order, channels last, as the kernel behind it has it."""
    return Lambda(lambda x: x.permute(0, 2, 3, 1).flatten(1))


def mean_of_map(_, __, ___):
    return Lambda(lambda x: x.mean((2, 3)))


def rescaling(options, _, __):
    scale, offset = options["scale"], options["offset"]
    return Lambda(lambda x: x * scale + offset)


def normalization(_, own, __):
    mean, variance = (w.reshape(1, -1, 1, 1) for w in own[:2])
    deviation = variance.sqrt().clamp_min(1e-7)
    return Lambda(lambda x: (x - mean) / deviation)


def positions(_, own, __):
    kernel, bias = own
    return Lambda(lambda x: x @ kernel + bias)


class Attention(nn.Module):
    def __init__(self, own):
        super().__init__()
        query, query_bias, key, key_bias, value, value_bias, out, out_bias = own
        self.heads, width = query.shape[1], query.shape[0]
        kernel = torch.cat([k.reshape(width, -1) for k in (query, key, value)], 1)
        bias = torch.cat([b.reshape(-1) for b in (query_bias, key_bias, value_bias)])
        self.project = filled(nn.Linear(*kernel.shape), weight=kernel.T, bias=bias)
        kernel = out.reshape(-1, out.shape[-1])
        self.out = filled(nn.Linear(*kernel.shape), weight=kernel.T, bias=out_bias)

    def forward(self, x, *_):
        split = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*split)
        return self.out(y.transpose(1, 2).flatten(2))


def lstm(options, own, _):
    kernel, recurrent, bias = own
    module = nn.LSTM(kernel.shape[0], recurrent.shape[0], batch_first=True)
    filled(module, weight_ih_l0=kernel.T, weight_hh_l0=recurrent.T, bias_ih_l0=bias)
    module.bias_hh_l0.data.zero_()
    if options["return_sequences"]:
        return First(module)
    return First(module, is_last_only=True)


class First(nn.Module):
    """The outputs of an LSTM, or the last one."""

    def __init__(self, module, is_last_only=False):
        super().__init__()
        self.module, self.is_last_only = module, is_last_only

    def forward(self, x):
        y, _ = self.module(x)
        return y[:, -1] if self.is_last_only else y


def embedding(_, own, __):
    return filled(nn.Embedding(*own[0].shape), weight=own[0])


MAKERS = {
    "Conv2D": conv,
    "DepthwiseConv2D": conv,
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "Dense": dense,
    "EinsumDense": positions,
    "Embedding": embedding,
    "LSTM": lstm,
    "MultiHeadAttention": lambda options, own, _: Attention(own),
    "ReLU": relu,
    "Activation": lambda options, *_: ACTIVATIONS[options["activation"]](),
    "ZeroPadding2D": zeros,
    "MaxPooling2D": pool,
    "GlobalAveragePooling2D": mean_of_map,
    "GlobalAveragePooling1D": lambda *_: Lambda(lambda x: x.mean(1)),
    "Reshape": reshape,
    "Flatten": flatten,
    "Rescaling": rescaling,
    "Normalization": normalization,
    "Add": lambda *_: Lambda(torch.add),
    "Multiply": lambda *_: Lambda(torch.mul),
    "Dropout": lambda *_: nn.Identity(),
}
