/**
 * The FlatBuffers tables of an Arrow message.
 *
 * Source: `Message.fbs` and `Schema.fbs` of
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 *
 * @module
 */
import type { Slot, Slots } from "./_flat_tables.ts";

const BYTE: Slot = { bytes: 1 };
const SHORT: Slot = { bytes: 2 };
const INT: Slot = { bytes: 4 };
const LONG: Slot = { bytes: 8 };
const STRING: Slot = { items: 1 };
/** Nodes and buffers are pairs of 8-byte integers. */
const PAIRS: Slot = { items: 16 };

const slots = (...list: Slot[]): Slots => () => list;

const KEY_VALUES: Slot = { tables: slots(STRING, STRING) };
const INTEGER = slots(INT, BYTE);
const EMPTY = slots();

/** Tables of types by their number: Null, Int, FloatingPoint, Binary, … */
const TYPES: Readonly<Record<number, Slots>> = {
  ...{ 1: EMPTY, 2: INTEGER, 3: slots(SHORT), 4: EMPTY, 5: EMPTY, 6: EMPTY },
  ...{ 7: slots(INT, INT, INT), 8: slots(SHORT), 9: slots(SHORT, INT) },
  ...{ 10: slots(SHORT, STRING), 11: slots(SHORT), 12: EMPTY, 13: EMPTY },
  ...{ 14: slots(SHORT, { items: 4 }), 15: slots(INT), 16: slots(INT) },
  ...{ 17: slots(BYTE), 18: slots(SHORT), 19: EMPTY, 20: EMPTY, 21: EMPTY },
  ...{ 22: EMPTY, 23: EMPTY, 24: EMPTY, 25: EMPTY, 26: EMPTY },
};

const FIELD: Slots = () => [
  ...[STRING, BYTE, BYTE, { cases: TYPES }],
  { table: slots(LONG, { table: INTEGER }, BYTE, SHORT) }, // the dictionary
  { tables: FIELD }, // the children
  KEY_VALUES,
];

const SCHEMA = slots(SHORT, { tables: FIELD }, KEY_VALUES, { items: 8 });
const BATCH = slots(
  ...[LONG, PAIRS, PAIRS, { table: slots(BYTE, BYTE) }, { items: 8 }],
);
const DICTIONARY = slots(LONG, { table: BATCH }, BYTE);

/** A message: version, header, body length, metadata. */
export const MESSAGE: Slots = slots(
  ...[SHORT, BYTE, { cases: { 1: SCHEMA, 2: DICTIONARY, 3: BATCH } }],
  ...[LONG, KEY_VALUES],
);
