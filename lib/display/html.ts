/**
 * Text and tables as HTML.
 *
 * Uses no colours and no style sheets: a notebook applies its theme to tables,
 * and one output must not restyle another. The content is readable without
 * inline styles.
 *
 * @module
 */
import { blockText, escapeMarkup, lineText } from "./cell.ts";
import { alignments, shownColumns, tableRows } from "./text.ts";
import type { TableBlock } from "./view.ts";

/**
 * A title.
 *
 * @param title The text.
 * @returns HTML.
 */
export function titleHtml(title: string): string {
  return `<p><b>${escapeMarkup(lineText(title))}</b></p>`;
}

/**
 * A block of text, with its line breaks.
 *
 * @param text The text.
 * @returns HTML.
 */
export function textHtml(text: string): string {
  const lines = escapeMarkup(blockText(text)).split("\n").map(keepIndent);
  return `<p>${lines.join("<br>")}</p>`;
}

/**
 * A table.
 *
 * @param whole The table.
 * @returns HTML.
 */
export function tableHtml(whole: TableBlock): string {
  const table = shownColumns(whole);
  const { head, left, tail } = tableRows(table);
  const sides = alignments(table);
  const row = (tag: "th" | "td", cells: readonly string[]) => {
    const written = table.columns.map((_, j) =>
      `<${tag} style="text-align:${sides[j]}">${
        keepTogether(keepIndent(escapeMarkup(cells[j] ?? "")))
      }</${tag}>`
    );
    return `<tr>${written.join("")}</tr>`;
  };
  const names = table.columns.map(({ name }) => lineText(name));
  const gap =
    `<tr><td colspan="${table.columns.length}">… ${left} more rows …</td></tr>`;
  const title = table.title === undefined
    ? ""
    : `<p>${escapeMarkup(lineText(table.title))}</p>`;
  return `${title}<div style="overflow-x:auto"><table><thead>${
    row("th", names)
  }</thead><tbody>${head.map((cells) => row("td", cells)).join("")}${
    left > 0 ? gap : ""
  }${tail.map((cells) => row("td", cells)).join("")}</tbody></table></div>`;
}

/** Keeps leading spaces, which show the nesting depth of a row. */
function keepIndent(text: string): string {
  return text.replace(/^ +/, (spaces) => "&nbsp;".repeat(spaces.length));
}

/** Keeps what stands in brackets in one line: shapes, intervals. */
function keepTogether(text: string): string {
  return text.replace(
    /\[[^[\]]{1,24}\]|\([^()]{1,24}\)/g,
    (group) =>
      group.includes(" ")
        ? `<span style="white-space:nowrap">${group}</span>`
        : group,
  );
}
