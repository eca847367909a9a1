"""NumPy's load, for tests/bench/write_bench.ts.

    numpy_load.py FILE NAME

Answers each line on stdin by loading the array of that name as a whole.
"""
import json
import sys

import numpy as np


def main():
    path, name = sys.argv[1:]
    for _ in sys.stdin:
        rows, width = np.load(path)[name].shape
        print(json.dumps({"rows": rows, "width": width, "versions": f"NumPy {np.__version__}"}), flush=True)


if __name__ == "__main__":
    main()
