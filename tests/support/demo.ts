/**
 * `deno task demo`: runs `notebooks/01_extract.ipynb` on the Deno kernel, writes
 * its outputs into `demo.html`, and prints a summary.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command that prints its result
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
  readonly unknownAcceptedAsKnown: Readonly<Record<string, number>>;
}

const root = new URL("../../", import.meta.url);
const path = new URL("notebooks/01_extract.ipynb", root);
const page = new URL("demo.html", root);

/** What {@linkcode demo} uses, for tests. */
export interface DemoTools {
  readonly run: typeof runNotebook;
  readonly write: (to: URL, text: string) => Promise<void>;
  readonly print: (line: string) => void;
}

/**
 * Runs the notebook, writes the page, and prints what happens and the results.
 *
 * @param tools Functions that run, write and print.
 */
export async function demo({ run, write, print }: DemoTools): Promise<void> {
  print(
    `Running notebooks/01_extract.ipynb on the Deno kernel, for half a minute:
it opens a network that knows the digits 0 to 4, extracts features of 2,000
images, and scores how unknown the digits 5 to 9 are. The page demo.html will
show everything.
`,
  );
  const { notebook } = await run(decodeURIComponent(path.pathname), {
    renderer: "html",
    onCell(cell) {
      const [, heading] = /^## (.+)$/m.exec(joined(cell.source)) ?? [];
      if (cell.cell_type === "markdown" && heading) print(`  ${heading}`);
    },
  });
  const account = accountOf(notebook);
  await write(page, notebookPage(notebook));
  print("\nResults");
  for (const [name, shape] of Object.entries(account.layers)) {
    print(`  ${name.padEnd(12)} ${shape}`);
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  print(`  ${account.numSamples} samples`);
  print(`  ${account.samplesPerSecond} samples per second`);
  print(`  accuracy on held-out digits 0 to 4: ${percent(account.accuracy)}`);
  for (const [score, area] of Object.entries(account.auroc)) {
    print(`  AUROC against digits 5 to 9, ${score}: ${area.toFixed(3)}`);
  }
  for (const [score, share] of Object.entries(account.unknownAcceptedAsKnown)) {
    print(`  digits 5 to 9 accepted as known, ${score}: ${percent(share)}`);
  }
  print(`\nOpen this page in a browser: ${page.href}`);
}

if (import.meta.main) {
  await demo({
    run: runNotebook,
    write: Deno.writeTextFile,
    print: (line) => console.log(line),
  });
}

function accountOf({ cells }: Notebook): Account {
  const cell = cells.find((cell) => tagsOf(cell).includes("account"));
  const output = cell?.cell_type === "code" ? cell.outputs[0] : undefined;
  if (output?.output_type !== "stream") {
    throw new Error(`The notebook has no cell tagged "account" that prints`);
  }
  return JSON.parse(joined(output.text));
}
