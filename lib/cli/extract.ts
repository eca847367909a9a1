/**
 * A command that writes the features of a dataset to files:
 *
 *     deno run --allow-read --allow-write --allow-ffi --allow-env \
 *       jsr:@sonde/sonde/extract model.keras photos --layers -2 --pool mean \
 *       --out features.parquet
 *
 * `--help` lists its arguments. Ctrl-C stops it, and the same command resumes
 * it.
 *
 * @module
 */
import { writeText } from "./_arguments.ts";
import { runExtract } from "./run_extract.ts";

if (import.meta.main) {
  const stop = new AbortController();
  // A second Ctrl-C ends it immediately: all files on disk are complete.
  Deno.addSignalListener("SIGINT", () => {
    if (stop.signal.aborted) Deno.exit(130);
    stop.abort();
  });
  const code = await runExtract(Deno.args, {
    out: (text) => writeText(Deno.stdout, text),
    err: (text) => writeText(Deno.stderr, text),
    signal: stop.signal,
  });
  Deno.exit(code);
}
