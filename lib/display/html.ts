/**
 * Text and tables as HTML.
 *
 * Nothing here has a colour of its own, a style sheet or a class: a notebook
 * gives tables its theme, and one output must not restyle another. What counts
 * survives where inline styles are stripped.
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
 * A block of text; its lines stay lines.
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
        keepIndent(escapeMarkup(cells[j] ?? ""))
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

/** Spaces at the front say how deep a row is nested; HTML would drop them. */
function keepIndent(text: string): string {
  return text.replace(/^ +/, (spaces) => "&nbsp;".repeat(spaces.length));
}
