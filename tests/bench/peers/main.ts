/**
 * Runs the comparison with peers, and keeps its results.
 *
 *     deno task bench:peers [names] [--quick] [--full] [--markdown]
 *
 * Names are those of networks, `opening`, `linear` and `detectors`. `--markdown` measures
 * nothing: it prints the table of the results that are kept.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { csvRows } from "../results_csv.ts";
import { runAll, type Script } from "../run_all.ts";
import { markdownTable } from "./markdown_table.ts";
import { NETWORKS } from "./peers.ts";

const FILE = `results/${navigator.hardwareConcurrency}cores_peers.csv`;
const at = (file: string) => new URL(file, import.meta.url);

const SCRIPTS: Readonly<Record<string, Script>> = {
  ...Object.fromEntries(NETWORKS.map((name) => [name, {
    script: at("./peers_bench.ts"),
    args: [name],
    benchmark: "peers",
  }])),
  opening: { script: at("./opening_bench.ts"), benchmark: "opening" },
  linear: { script: at("./linear_bench.ts"), benchmark: "linear" },
  detectors: { script: at("./detectors_bench.ts"), benchmark: "detectors" },
};

if (Deno.args.includes("--markdown")) {
  const text = await Deno.readTextFile(at(`../${FILE}`));
  console.log(markdownTable(csvRows(text)));
} else {
  await runAll(SCRIPTS, FILE);
}
