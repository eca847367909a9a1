"""PyTorch, eager: the network in torch.nn, hooks on three modules and on the head.

    .venv-keras/bin/python tests/bench/peers/torch_peer.py

Pictures and kernels lie in memory as `channels_last`, in which it is several
times as fast on these processors as in its own default.
"""

import json
import zipfile

import numpy as np
import torch

from peer import chunks, joined, serve
from torch_network import TorchNetwork


def open_network(folder, threads):
    torch.set_num_threads(threads)
    about = json.loads((folder / "about.json").read_text())
    with zipfile.ZipFile(folder / "model.keras") as archive:
        config = json.loads(archive.read("config.json"))["config"]
    network = TorchNetwork(config, np.load(folder / "weights.npz")).eval()
    network = network.to(memory_format=torch.channels_last)
    found = {}

    def keep(name):
        def hook(module, inputs, output):
            output = output[0] if isinstance(output, tuple) else output
            if output.ndim == 4:
                output = output.mean((2, 3))
            elif output.ndim == 3:
                output = output.mean(1)
            found[name] = output.numpy()

        return hook

    names = [*about["taps"], about["head"]]
    for name in names:
        network.module_of(name).register_forward_hook(keep(name))

    def prepare(x, batch):
        parts = [torch.from_numpy(part) for part in chunks(x, batch)]
        if x.ndim == 4:  # [N, H, W, D] in memory, [N, D, H, W] by its name
            parts = [part.permute(0, 3, 1, 2) for part in parts]

        @torch.inference_mode()
        def run():
            results = []
            for part in parts:
                network(part)
                results.append([found[name] for name in names])
            return joined(results)

        return run

    return prepare, f"torch {torch.__version__}"


if __name__ == "__main__":
    serve(open_network)
