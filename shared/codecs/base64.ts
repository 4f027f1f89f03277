// Base64 (RFC 4648, section 4) for the small blocks in messages: not every engine has it built in yet.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The six bits of each character code, or 255. */
const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i += 1) VALUES[ALPHABET.charCodeAt(i)] = i;

/** With padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const b1 = bytes[i + 1];
    const b2 = bytes[i + 2];
    const bits = ((bytes[i] ?? 0) << 16) | ((b1 ?? 0) << 8) | (b2 ?? 0);
    text += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63);
    text += b1 === undefined ? "=" : ALPHABET.charAt((bits >> 6) & 63);
    text += b2 === undefined ? "=" : ALPHABET.charAt(bits & 63);
  }
  return text;
}

/** Padding may be missing. Throws RangeError for anything that is not base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x3d) end -= 1;
  const bytes = new Uint8Array((end * 3) >> 2);
  let bits = 0;
  let at = 0;
  for (let i = 0; i < end; i += 1) {
    const value = VALUES[text.charCodeAt(i)] ?? 255;
    if (value === 255) throw new RangeError("This text is not base64.");
    bits = (bits << 6) | value;
    if (i % 4 === 0) continue;
    bytes[at] = (bits >> (6 - 2 * (i % 4))) & 255;
    at += 1;
  }
  return bytes;
}
