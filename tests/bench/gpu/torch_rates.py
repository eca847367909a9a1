"""Rates of the same networks in PyTorch, and in ONNX Runtime's CUDA provider.

    python3 tests/bench/gpu/torch_rates.py FOLDER [eager|compiled|cuda] [batches]

Random weights, float32 in PyTorch's default precision, inputs on the host and
logits back on the host, as Sonde counts; and "on the card" without the copies.
"""

import json
import sys
import time

import numpy as np

NAMES = ["mobilenet_v2", "resnet50", "vit_b_16"]


def rate(run, count, seconds=2.0):
    run()
    rates = []
    for _ in range(5):
        start, samples = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / 5:
            run()
            samples += count
        rates.append(samples / (time.perf_counter() - start))
    return sorted(rates)[2]


def in_torch(folder, kind, batches):
    import torch
    import torchvision

    print("torch", torch.__version__, torch.cuda.get_device_name(0), flush=True)
    rows = []
    for name in NAMES:
        model = getattr(torchvision.models, name)(weights=None).eval().cuda()
        for batch in batches:
            if kind == "compiled":
                torch._dynamo.reset()
                run_model = torch.compile(model)
            else:
                run_model = model
            host = torch.rand(batch, 3, 224, 224)
            card = host.cuda()

            def copied():
                run_model(host.cuda()).cpu()

            def resident():
                run_model(card)
                torch.cuda.synchronize()

            with torch.inference_mode():
                begin = time.perf_counter()
                run_model(card)
                torch.cuda.synchronize()
                first = time.perf_counter() - begin
                row = {
                    "name": name,
                    "kind": kind,
                    "batch": batch,
                    "rate": rate(copied, batch),
                    "resident": rate(resident, batch),
                }
            rows.append(row)
            print(
                f"{name}: torch {kind}, batch {batch}: {row['rate']:.1f} samples/s, "
                f"{row['resident']:.1f} on the card; first run {first:.1f} s",
                flush=True,
            )
            with open(f"{folder}/torch_{kind}.json", "w") as file:
                json.dump(rows, file)


def in_cuda(folder, batches):
    import onnxruntime

    print("onnxruntime", onnxruntime.__version__, onnxruntime.get_available_providers())
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        print("ONNX Runtime's CUDA provider is not there")
        return
    for name in NAMES:
        session = onnxruntime.InferenceSession(
            f"{folder}/{name}.onnx", providers=["CUDAExecutionProvider"]
        )
        feed = session.get_inputs()[0].name
        for batch in batches:
            x = np.random.rand(batch, 224, 224, 3).astype(np.float32)
            found = rate(lambda: session.run(None, {feed: x}), batch)
            print(f"{name}: onnxruntime cuda, batch {batch}: {found:.1f} samples/s", flush=True)


if __name__ == "__main__":
    folder, kind = sys.argv[1], sys.argv[2]
    batches = [int(size) for size in (sys.argv[3] if len(sys.argv) > 3 else "64,256").split(",")]
    if kind == "cuda":
        in_cuda(folder, batches)
    else:
        in_torch(folder, kind, batches)
