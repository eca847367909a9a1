"""Features of a Parquet dataset, by Spark and Sonde's worker.

    python spark_features.py IN OUT \\
        deno run --allow-read --allow-ffi jsr:@sonde/sonde/worker model.keras --layers -2

Needs pyspark and pyarrow, and Deno on every node.
"""
import itertools
import subprocess
import sys
import tempfile
import threading

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema


def through_worker(command, schema, batches):
    """Sends batches to a worker; yields the schema of what comes back, and its batches."""
    def feed():  # in a thread, as a pipe that is full waits for its reader
        try:
            writer = pa.ipc.new_stream(worker.stdin, schema)
            for batch in batches:
                writer.write_batch(batch)
            writer.close()  # not after an error: without the end, the worker fails too
        except OSError:
            pass  # the worker stopped: its exit code says so
        finally:
            worker.stdin.close()

    pipe, log = subprocess.PIPE, tempfile.TemporaryFile()
    worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log)
    threading.Thread(target=feed, daemon=True).start()
    try:
        reader = pa.ipc.open_stream(worker.stdout)
        yield reader.schema
        yield from reader
    except (OSError, pa.ArrowInvalid):
        pass  # as above
    if worker.wait() != 0:
        log.seek(0)
        raise RuntimeError(log.read().decode()[-2000:] or f"killed by {-worker.returncode}")


def extract(batches):
    first = next(batches, None)
    if first is not None:  # an empty partition has no schema to send
        rows = through_worker(command, first.schema, itertools.chain([first], batches))
        yield from itertools.islice(rows, 1, None)


if __name__ == "__main__":
    source, target, *command = sys.argv[1:]
    command += ["--list-type", "list"]  # Spark takes no lists of a fixed size
    rows = SparkSession.builder.appName("features").getOrCreate().read.parquet(source)
    # Without rows, a worker says what it would give, or why it cannot.
    schema = next(through_worker(command, to_arrow_schema(rows.schema), []))
    rows.mapInArrow(extract, from_arrow_schema(schema)).write.parquet(target)
