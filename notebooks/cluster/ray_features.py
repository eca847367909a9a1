"""Features of a Parquet dataset, by Ray Data and Sonde's worker.

    python ray_features.py IN OUT \\
        deno run --allow-read --allow-ffi jsr:@sonde/sonde/worker model.keras --layers -2

Needs ray[data] and pyarrow, and Deno on every node.
"""
import subprocess
import sys
import tempfile

import pyarrow as pa
import ray


class WorkerKilled(Exception):
    """The worker was killed, as for want of memory: Ray tries the task again."""


class Extract:
    """Keeps one worker. A table that goes in comes out with its features."""

    def __init__(self, command):
        self.command, self.worker = command, None

    def start(self, schema):
        pipe, self.log = subprocess.PIPE, tempfile.TemporaryFile()
        self.worker = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=self.log)
        self.writer, self.reader = pa.ipc.new_stream(self.worker.stdin, schema), None

    def __call__(self, table):
        try:
            if self.worker is None:
                self.start(table.schema)
            # One batch goes in and comes out before the next: it needs no thread.
            self.writer.write_batch(table.combine_chunks().to_batches()[0])
            self.worker.stdin.flush()
            self.reader = self.reader or pa.ipc.open_stream(self.worker.stdout)
            return pa.Table.from_batches([self.reader.read_next_batch()])
        except (OSError, StopIteration, pa.ArrowInvalid) as error:
            self.worker.stdout.close()
            code, self.worker = self.worker.wait(), None
            self.log.seek(0)
            text = self.log.read().decode()[-2000:]
            raise WorkerKilled() if code < 0 else RuntimeError(text) from error


if __name__ == "__main__":
    source, target, *command = sys.argv[1:]
    ray.init(ignore_reinit_error=True)
    ray.data.DataContext.get_current().actor_task_retry_on_errors = [WorkerKilled]
    # With as many actors as CPUs, none is left for the tasks that read.
    actors = max(1, int(ray.cluster_resources()["CPU"]) - 1)
    ray.data.read_parquet(source).map_batches(
        Extract, fn_constructor_args=[command], batch_format="pyarrow", batch_size=512,
        compute=ray.data.ActorPoolStrategy(size=actors),
    ).write_parquet(target)
