import type { NdArray } from "@sonde/sonde";

/**
 * Writes floats as an `.npy` file of version 1.0.
 *
 * @param path The file.
 * @param array The values.
 */
export async function writeNpy(
  path: string,
  { data, shape }: NdArray<Float32Array>,
): Promise<void> {
  const sizes = shape.map((size) => `${size},`).join(" ");
  const says =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + says.length + 1) / 64) * 64;
  const header = new Uint8Array(length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]); // \x93NUMPY
  new DataView(header.buffer).setUint16(8, length - 10, true);
  header.set(new TextEncoder().encode(says), 10);
  header[length - 1] = 0x0a;
  const values = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const file = new Uint8Array(length + values.length);
  file.set(header);
  file.set(values, length);
  await Deno.writeFile(path, file);
}
