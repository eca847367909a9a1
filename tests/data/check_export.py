"""Checks ONNX files that Sonde wrote, and runs them in ONNX Runtime.

Called by `deno task export:check`. Each `NAME.onnx` of the folder has a
`NAME.json` beside it with inputs and the outputs to be expected.
"""

import base64
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

# Relative to the largest value of an output.
TOLERANCE = {"float32": 1e-5, "float16": 1e-3, "int32": 0}


def unpacked(packed):
    data = np.frombuffer(base64.b64decode(packed["base64"]), packed["dtype"])
    return data.reshape(packed["shape"])


def difference(found, wanted):
    """Largest distance as a share of the largest finite value."""
    if found.shape != wanted.shape:
        return f"shape {found.shape} for {wanted.shape}"
    found, wanted = found.astype("float64"), wanted.astype("float64")
    finite = np.isfinite(wanted)
    if not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
        return "not finite at other places"
    if not finite.any():
        return 0.0
    largest = np.abs(wanted[finite]).max() or 1.0
    return float(np.abs(found[finite] - wanted[finite]).max() / largest)


def problems_of(path):
    case = json.loads(path.with_suffix(".json").read_text())
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    said = {prop.key: prop.value for prop in model.metadata_props}
    wanted = {"sonde." + key: value for key, value in case["source"].items()}
    if said != wanted or model.producer_name != "sonde":
        yield f"metadata is {said}"
    inputs = [unpacked(one) for one in case["inputs"]]
    for rows in (None, 1):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options)
        ports = session.get_inputs()
        if any(port.shape[0] != "N" for port in ports):
            yield f"inputs are {[port.shape for port in ports]}"
        feeds = {}
        for port, value in zip(ports, inputs):
            kind = {"tensor(float)": "float32", "tensor(int32)": "int32"}
            kind |= {"tensor(int64)": "int64", "tensor(bool)": "bool"}
            kind |= {"tensor(uint8)": "uint8", "tensor(double)": "float64"}
            feeds[port.name] = value[:rows].astype(kind[port.type])
        outputs = session.run(None, feeds)
        if len(outputs) != len(case["outputs"]):
            yield f"{len(outputs)} outputs for {len(case['outputs'])}"
        for port, found, packed in zip(
            session.get_outputs(), outputs, case["outputs"]
        ):
            expected = unpacked(packed)[:rows]
            if found.dtype == bool:
                found = found.astype("int32")
            far = difference(found, expected)
            bound = TOLERANCE[packed["dtype"]]
            if found.dtype != expected.dtype:
                yield f"{port.name} is {found.dtype}"
            if isinstance(far, str) or not far <= bound:
                yield f"{port.name}, {len(expected)} rows: {far}"


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    wrong = 0
    for path in paths:
        try:
            problems = list(problems_of(path))
        except Exception as error:  # every file is to be looked at
            problems = [f"{type(error).__name__}: {error}"]
        wrong += bool(problems)
        for problem in problems:
            print(f"WRONG {path.stem}: {problem[:300]}")
    versions = f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}"
    print(f"{len(paths) - wrong} of {len(paths)} right ({versions})")
    sys.exit(1 if wrong or not paths else 0)


if __name__ == "__main__":
    main()
