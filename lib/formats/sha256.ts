/**
 * SHA-256 of a text.
 *
 * @param text The text.
 * @returns 64 hexadecimal digits.
 */
export async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
