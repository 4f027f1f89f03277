// Rewrites a WebAssembly module so that it imports the memories that it would have made itself.

/** The module that such memories are imported from: a letter that no tool uses, so that nothing clashes. */
export const MEMORY_MODULE = "\u{1}";
const MEMORY_MODULE_BYTE = 1;

const TYPE_SECTION = 1;
const IMPORT_SECTION = 2;
const MEMORY_SECTION = 5;
const MEMORY_KIND = 2;
const HAS_MAXIMUM = 1;
const IS_SHARED = 2;
const IS_64_BIT = 4;
/** Engines take no more. */
const MEMORIES_MAX = 100;
/** In a field's name the limits begin here, after what makes names differ. */
const LIMITS_AT = 3;
const HEADER_BYTES = 8;

// Kept before any function of a user runs, which may put its own in its place. Of arrays only elements are
// used here: what functions of users do to methods of prototypes does not matter then.
const Bytes = Uint8Array;

const DIGITS = "0123456789abcdef";
const POINT = 46;

interface Section {
  readonly id: number;
  /** Where it begins, where its contents do, and where both end. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The module with its memories imported as fields that tell their limits: flags, minimum and maximum as in
 * the module, in hexadecimal digits. The order of memories stays, as own ones come after imported ones.
 * Null for a module that makes no memory; what is no module is left to the engine to refuse. Throws
 * RangeError for one that cannot be read.
 */
export function importMemories(module: Uint8Array): Uint8Array<ArrayBuffer> | null {
  let memories: Section | null = null;
  let imports: Section | null = null;
  /** Where a section of imports may stand. */
  let place = HEADER_BYTES;
  for (let at = HEADER_BYTES; at < module.length;) {
    const size = readNumber(module, at + 1);
    const section = { id: module[at] ?? 0, at, start: size.end, end: size.end + size.value };
    if (section.end > module.length) throw new RangeError("A section is cut short.");
    if (section.id === TYPE_SECTION) place = section.end;
    if (section.id === IMPORT_SECTION) imports = section;
    if (section.id === MEMORY_SECTION) memories = section;
    at = section.end;
  }
  if (memories === null) return null;
  const entries = importEntries(module, memories);
  if (entries.count === 0) return null;
  const known = imports === null ? null : readNumber(module, imports.start);
  const contents = new Writer(module.length + entries.bytes.length + 16);
  contents.number((known?.value ?? 0) + entries.count);
  if (imports !== null && known !== null) contents.copy(module, known.end, imports.end);
  contents.copy(entries.bytes, 0, entries.length);

  const out = new Writer(contents.length + module.length + 16);
  out.copy(module, 0, imports?.at ?? place);
  out.byte(IMPORT_SECTION);
  out.number(contents.length);
  out.copy(contents.bytes, 0, contents.length);
  out.copy(module, imports?.end ?? place, memories.at);
  out.copy(module, memories.end, module.length);
  return out.taken();
}

/** The memory section's entries as imports. */
function importEntries(
  module: Uint8Array,
  section: Section,
): { readonly count: number; readonly bytes: Uint8Array; readonly length: number } {
  const { value: count, end: first } = readNumber(module, section.start);
  if (count > MEMORIES_MAX) throw new RangeError("It has too many memories.");
  // At the most each byte of limits is three here, beside a few of names and lengths a memory.
  const out = new Writer(4 * (section.end - section.start) + 32 * count);
  let at = first;
  for (let i = 0; i < count; i += 1) {
    const flags = module[at] ?? 0;
    const minimum = readNumber(module, at + 1);
    const { end } = (flags & HAS_MAXIMUM) === 0 ? minimum : readNumber(module, minimum.end);
    out.number(1);
    out.byte(MEMORY_MODULE_BYTE);
    out.number(LIMITS_AT + 2 * (end - at));
    out.hex(i);
    out.byte(POINT);
    for (let from = at; from < end; from += 1) out.hex(module[from] ?? 0);
    out.byte(MEMORY_KIND);
    out.copy(module, at, end);
    at = end;
  }
  if (at !== section.end) throw new RangeError("The section of memories is malformed.");
  return { count, bytes: out.bytes, length: out.length };
}

/** What a memory's field tells of it, in pages. */
export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum: number | null;
  readonly isShared: boolean;
  readonly is64Bit: boolean;
}

export function memoryLimits(field: string): MemoryLimits {
  const bytes = new Bytes((field.length - LIMITS_AT) / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = digitOf(field[LIMITS_AT + 2 * i]);
    bytes[i] = 16 * high + digitOf(field[LIMITS_AT + 2 * i + 1]);
  }
  const flags = bytes[0] ?? 0;
  const minimum = readNumber(bytes, 1);
  const maximum = (flags & HAS_MAXIMUM) === 0 ? null : readNumber(bytes, minimum.end).value;
  return {
    minimum: minimum.value,
    maximum,
    isShared: (flags & IS_SHARED) !== 0,
    is64Bit: (flags & IS_64_BIT) !== 0,
  };
}

function digitOf(letter: string | undefined): number {
  for (let digit = 0; digit < DIGITS.length; digit += 1) if (DIGITS[digit] === letter) return digit;
  return 0;
}

/** An unsigned number in LEB128, of at most 64 bits. */
function readNumber(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  throw new RangeError("A number is malformed.");
}

class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(lengthMax: number) {
    this.bytes = new Bytes(lengthMax);
  }

  byte(byte: number): void {
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  number(value: number): void {
    let rest = value;
    for (; rest > 127; rest = (rest - (rest % 128)) / 128) this.byte(128 + (rest % 128));
    this.byte(rest);
  }

  hex(byte: number): void {
    this.digit(byte >> 4);
    this.digit(byte & 15);
  }

  digit(digit: number): void {
    this.byte(digit < 10 ? 48 + digit : 87 + digit);
  }

  copy(from: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += 1) this.byte(from[at] ?? 0);
  }

  /** What was written, in a buffer of its size. */
  taken(): Uint8Array<ArrayBuffer> {
    const taken = new Bytes(this.length);
    for (let i = 0; i < this.length; i += 1) taken[i] = this.bytes[i] ?? 0;
    return taken;
  }
}
