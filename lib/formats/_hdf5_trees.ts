/**
 * The B-trees of HDF5, which list members of groups and chunks of datasets.
 *
 * @module
 */
import type { Cursor, Hdf5Bytes } from "./_hdf5_bytes.ts";

const MOST_LEVELS = 64;
/** Overhead of a node of version 2, in bytes. */
const NODE_2 = 10;

/** The expected node type of a version 1 tree. */
export interface Tree1 {
  /** 0 for members of groups, 1 for chunks. */
  readonly kind: 0 | 1;
  readonly keySize: number;
  /** Half of the maximum number of children per node. */
  readonly half: number;
}

/** Leaves of a tree of version 1: the key before each, and its address. */
export function* leaves1(
  file: Hdf5Bytes,
  at: number,
  tree: Tree1,
  level?: number,
): Generator<{ key: Cursor; child: number }> {
  const { kind, keySize, half } = tree;
  const length = 24 + (2 * half + 1) * keySize + 2 * half * 8;
  const node = file.block(at, length, "TREE", null);
  const found = [node.u8(), node.u8(), node.u16()] as const;
  const [foundKind, foundLevel, count] = found;
  const isSound = foundKind === kind && foundLevel === (level ?? foundLevel) &&
    foundLevel <= MOST_LEVELS && count <= 2 * half;
  if (!isSound) file.fail("a tree must be sound", [...found]);
  node.skip(16); // siblings
  for (let i = 0; i < count; i++) {
    const key = node.sub(keySize);
    const child = node.required("a branch");
    if (foundLevel === 0) yield { key, child };
    else yield* leaves1(file, child, tree, foundLevel - 1);
  }
}

/** Records of a tree of version 2, in its order. */
export function* records2(
  file: Hdf5Bytes,
  at: number,
  kinds: readonly number[],
): Generator<Cursor> {
  const head = file.block(at, 38, "BTHD");
  const version = head.u8();
  const kind = head.u8();
  const nodeSize = head.u32();
  const recordSize = head.u16();
  const depth = head.u16();
  head.skip(2); // when nodes split and merge
  const root = head.address();
  const rootCount = head.u16();
  const isSound = version === 0 && kinds.includes(kind) && recordSize > 0 &&
    nodeSize > NODE_2 + recordSize && depth <= MOST_LEVELS;
  if (!isSound) file.fail("a tree must be sound", [version, kind, depth]);
  if (root === undefined) return;
  const levels = levelsOf(nodeSize, recordSize, depth);
  const countSize = widthOf(levels[0]!.most);

  function* visit(at: number, count: number, level: number): Generator<Cursor> {
    const { most } = levels[level]!;
    if (count > most) file.fail("a tree must fit its nodes", count);
    const below = level === 0 ? 0 : levels[level - 1]!.totalSize;
    const pointers = level === 0 ? 0 : (count + 1) * (8 + countSize + below);
    const checked = NODE_2 + count * recordSize + pointers;
    const letters = level === 0 ? "BTLF" : "BTIN";
    const node = file.block(at, nodeSize, letters, checked).skip(2);
    const records = Array.from({ length: count }, () => node.sub(recordSize));
    if (level === 0) return yield* records;
    for (let i = 0; i <= count; i++) {
      const child = node.required("a branch");
      const childCount = node.uint(countSize);
      node.skip(below);
      yield* visit(child, childCount, level - 1);
      if (i < count) yield records[i]!;
    }
  }
  yield* visit(root, rootCount, depth);
}

/** Maximum number of records per level, and the width of their totals. */
function levelsOf(
  nodeSize: number,
  recordSize: number,
  depth: number,
): { most: number; totalSize: number }[] {
  const leaf = Math.floor((nodeSize - NODE_2) / recordSize);
  const levels = [{ most: leaf, totalSize: 0 }];
  let total = leaf;
  for (let level = 1; level <= depth; level++) {
    const pointer = 8 + widthOf(leaf) + levels[level - 1]!.totalSize;
    const most = Math.floor(
      (nodeSize - NODE_2 - pointer) / (recordSize + pointer),
    );
    total = (most + 1) * total + most;
    levels.push({ most, totalSize: widthOf(total) });
  }
  return levels;
}

/** Number of bytes for numbers up to a limit. */
export function widthOf(limit: number): number {
  return Math.floor(Math.floor(Math.log2(Math.max(1, limit))) / 8) + 1;
}
