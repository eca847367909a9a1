/**
 * `deno task demo`: runs `notebooks/01_extract.ipynb` on the Deno kernel, writes
 * all that it shows into `demo.html`, and says in short what came out.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command, which says what it did
import { joined, type Notebook, tagsOf } from "./notebook_file.ts";
import { notebookPage } from "./notebook_page.ts";
import { runNotebook } from "./notebook_runner.ts";

/** What the notebook's last cell prints as JSON. */
interface Account {
  readonly layers: Readonly<Record<string, string>>;
  readonly numSamples: number;
  readonly samplesPerSecond: number;
  readonly accuracy: number;
  readonly auroc: Readonly<Record<string, number>>;
  readonly unknownTakenForKnown: Readonly<Record<string, number>>;
}

const root = new URL("../../", import.meta.url);
const path = new URL("notebooks/01_extract.ipynb", root);
const page = new URL("demo.html", root);

console.log("Running notebooks/01_extract.ipynb on the Deno kernel …");
const { notebook } = await runNotebook(
  decodeURIComponent(path.pathname),
  { renderer: "html" },
);
const account = accountOf(notebook);
await Deno.writeTextFile(page, notebookPage(notebook));

for (const [name, shape] of Object.entries(account.layers)) {
  console.log(`  ${name.padEnd(12)} ${shape}`);
}
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
console.log(`  ${account.numSamples} samples`);
console.log(`  ${account.samplesPerSecond} samples per second`);
console.log(
  `  accuracy on held-out digits 0 to 4: ${percent(account.accuracy)}`,
);
for (const [score, area] of Object.entries(account.auroc)) {
  console.log(`  AUROC against digits 5 to 9, ${score}: ${area.toFixed(3)}`);
}
for (const [score, share] of Object.entries(account.unknownTakenForKnown)) {
  console.log(`  digits 5 to 9 taken for known, ${score}: ${percent(share)}`);
}
console.log(`\nEverything that it shows: ${page.href}`);

function accountOf({ cells }: Notebook): Account {
  const cell = cells.find((cell) => tagsOf(cell).includes("account"));
  const output = cell?.cell_type === "code" ? cell.outputs[0] : undefined;
  if (output?.output_type !== "stream") {
    throw new Error(`The notebook has no cell tagged "account" that prints`);
  }
  return JSON.parse(joined(output.text));
}
