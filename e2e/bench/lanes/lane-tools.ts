// What planning takes, where no coordinator will ever see the keys.
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A key only has to tell tasks apart here, which their own description does. */
export const laneTools = {
  encode: (text: string) => encoder.encode(text),
  hash: (bytes: Uint8Array) => decoder.decode(bytes),
};
