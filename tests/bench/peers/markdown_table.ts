import { BATCHES, NETWORKS, PEERS } from "./peers.ts";

/**
 * The table of kept results as Markdown: a row a network and batch, our speed,
 * and how many times a peer's it is.
 *
 * @param rows Rows of a file of results.
 * @returns The table, and when and with what it was measured.
 */
export function markdownTable(
  rows: readonly Readonly<Record<string, string>>[],
): string {
  const byCase = new Map(rows.map((row) => [row.case, row]));
  const names = Object.keys(PEERS);
  const lines = NETWORKS.flatMap((network) =>
    BATCHES.flatMap((batch) => {
      const found = names.map((name) =>
        byCase.get(`${network}, batch ${batch}, ${name}`)
      );
      const first = found.find((row) => row !== undefined);
      if (first === undefined) return [];
      const ratios = found.map((row) =>
        row === undefined ? "–" : timesOf(Number(row.ratio))
      );
      const speed = Math.round(Number(first.ours)).toLocaleString("en");
      return [line([network, String(batch), speed, ...ratios])];
    })
  );
  const header = ["network", "batch", "Sonde, inputs/s", ...names];
  const rule = header.map((_, i) => i === 0 ? "---" : "---:");
  const dates = [...new Set(rows.map(({ date }) => date))].sort();
  const { threads } = rows.find(({ benchmark }) => benchmark === "peers") ?? {};
  return [
    line(header),
    line(rule),
    ...lines,
    "",
    `Measured ${
      dates.join(", ")
    } on ${threads} threads; how many times as fast Sonde is.`,
  ].join("\n");
}

function timesOf(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 0);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
