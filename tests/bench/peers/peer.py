"""How a peer talks to the driver: one JSON object a line, on stdin and stdout.

    {"do": "load", "folder": "out/peers/vit", "threads": 2}  → {"versions": "…"}
    {"do": "prepare", "batch": 16, "inputs": 320}            → {}
    {"do": "run"}                                            → {}
    {"do": "keep", "folder": "…"}                            → {"arrays": 4}

`run` is one pass over the inputs in batches, results on the host; the driver
holds the watch. `keep` writes what the last pass found for the first 64 inputs. A peer that cannot
run a network answers `load` with {"cannot": "why"}; any other error ends it.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

KEPT = 64


class Cannot(Exception):
    """Why a peer cannot run a network."""


def serve(open_network):
    """Answers until stdin ends.

    `open_network(folder, threads)` gives `(prepare, versions)`; `prepare(x, batch)` gives the
    pass: a function without arguments that returns the pooled layers and the logits.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    prepare = run = results = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if request["do"] == "load":
            folder = pathlib.Path(request["folder"])
            try:
                prepare, answer["versions"] = open_network(folder, request["threads"])
            except Cannot as why:
                answer["cannot"] = str(why)
            stored = np.load(folder / "inputs.npy", mmap_mode="r")
        elif request["do"] == "prepare":
            count = request["inputs"]
            x = np.concatenate([stored] * -(-count // len(stored)))[:count]
            run = prepare(np.ascontiguousarray(x), request["batch"])
        elif request["do"] == "run":
            results = run()
        else:
            arrays = [np.asarray(values)[:KEPT] for values in results]
            for i, values in enumerate(arrays):
                np.save(pathlib.Path(request["folder"]) / f"found_{i}.npy", values)
            answer["arrays"] = len(arrays)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def chunks(x, batch):
    """The batches of an array, as views."""
    return [x[i : i + batch] for i in range(0, len(x), batch)]


def joined(batches):
    """The results of all batches, output by output."""
    return [np.concatenate(parts) for parts in zip(*batches)]
