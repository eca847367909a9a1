"""ONNX Runtime in Python, on the file that `extractor.toOnnx()` wrote.

    .venv-keras/bin/python tests/bench/peers/onnx_peer.py
"""

import onnxruntime

from peer import chunks, joined, serve


def open_network(folder, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(folder / "features.onnx"), options, providers=["CPUExecutionProvider"]
    )
    [port] = session.get_inputs()

    def prepare(x, batch):
        return lambda: joined(
            session.run(None, {port.name: part}) for part in chunks(x, batch)
        )

    return prepare, f"onnxruntime {onnxruntime.__version__}"


if __name__ == "__main__":
    serve(open_network)
