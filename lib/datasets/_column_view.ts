/**
 * The view of sources of columns.
 *
 * @module
 */
import { countText, numberText } from "../display/cell.ts";
import type { Block, View } from "../display/view.ts";
import type { NdArray } from "../types.ts";
import type { Cells, ColumnInfo } from "./_columns.ts";
import { imagesBlock, MOST_IMAGES, sourceView } from "./_source_view.ts";

/** The data to show. */
export interface ColumnFacts {
  /** The name, such as `table "a.csv"`. */
  readonly title: string;
  readonly columns: readonly ColumnInfo[];
  /** Number of rows of the store. */
  readonly total: number;
  /** Number of selected rows. */
  readonly length: number;
  readonly labels: Int32Array | undefined;
  readonly classNames: readonly string[] | undefined;
  /** The first rows. */
  readonly head: readonly Cells[];
  /** Indices of the first selected rows. */
  numbers(count: number): readonly number[];
  /** Reads images of rows, for display. */
  images(rows: readonly number[]): Promise<NdArray>;
}

/**
 * The view of a source of columns.
 *
 * @param facts The data to show.
 * @returns Class counts, the first rows, images if there is one column of them.
 */
export function columnView(facts: ColumnFacts): View {
  const { title, columns, total, length, labels, classNames, head } = facts;
  const of = total === length ? "" : ` of ${numberText(total)}`;
  const table: Block = {
    kind: "table",
    title: `first ${countText(head.length, "row")} of the table`,
    columns: columns.map(({ name }) => ({ name })),
    rows: head,
  };
  const images = columns.filter(({ kind }) => kind === "images");
  return sourceView({
    title: `${title}: ${countText(length, "row")}${of}, ` +
      countText(columns.length, "column"),
    notes: [],
    labels,
    classNames,
    blocks: images.length === 1 ? [table, imageFigure(facts)] : [table],
  });
}

function imageFigure(facts: ColumnFacts): Block {
  const { length, labels, classNames } = facts;
  const count = Math.min(length, MOST_IMAGES);
  const numbers = facts.numbers(count);
  const captions = numbers.map((row, i) =>
    labels === undefined
      ? `row ${row}`
      : classNames?.[labels[i]!] ?? String(labels[i])
  );
  return imagesBlock(count, async () => ({
    images: await facts.images(numbers),
    captions,
  }));
}
