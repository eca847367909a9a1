/**
 * `deno run -A tests/support/refused_table.ts`: writes `lib/models/README.md`, a
 * table of the 47 kinds of bad input with their error messages.
 *
 * @module
 */
import { loadModel } from "../../lib/extractor/load_model.ts";
import type { RefusedCase } from "../whole/refused/_input.ts";
import { placed, REFUSED_INPUTS, runOnce } from "./refused.ts";

const HEAD = `<!-- deno-fmt-ignore-file -->

# Bad inputs

The 47 kinds of bad input of \`loadModel\`: the number of files that test each
(\`tests/whole/refused/inputs_test.ts\`), and the error message for the first one.
\`deno run -A tests/support/refused_table.ts\` writes this table; a test compares it.

| no. | input | files | error message | variants that open |
|---|---|---|---|---|
`;

/** The table, as Markdown. */
export async function refusedTable(): Promise<string> {
  const rows: string[] = [];
  for (const { number, what, refused, opened = [] } of REFUSED_INPUTS) {
    const message = await messageOf(refused[0]!);
    const good = opened.map(({ what }) => what).join(", ");
    rows.push(
      `| ${number} | ${what} | ${refused.length} | ${
        cell(message)
      } | ${good} |\n`,
    );
  }
  return HEAD + rows.join("");
}

/** The error message for a file, whose path is `FILE` in it. */
export async function messageOf(one: RefusedCase): Promise<string> {
  await using at = await placed(one);
  try {
    await using model = await loadModel(at.path, one.options);
    await runOnce(model);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.replaceAll(`file://${at.path}`, "FILE")
      .replaceAll(at.path, "FILE");
  }
  return "nothing";
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (import.meta.main) {
  const path = new URL("../../lib/models/README.md", import.meta.url);
  Deno.writeTextFileSync(path, await refusedTable());
}
