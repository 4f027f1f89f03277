// The tile kernel in WGSL: one workgroup sums a block of pairs over a slice of dates.
import {
  BLOCK_SERIES,
  type BlockKind,
  COUNT_PLANE,
  GROUP_THREADS,
  HIGH_UNITS,
  LOW_UNITS,
  STEPS_PER_GROUP,
  SUM_SLOTS,
  colsPerThread,
} from "./tile-layout.ts";

/** Vectors of four dates in a step. */
const VECTORS = 4;
const ROWS_PER_THREAD = 4;
/** One more than a line of workgroup memory needs, so that loading it meets different banks. */
const ROW_PITCH = BLOCK_SERIES + 1;

type SumName = keyof typeof SUM_SLOTS;

/** In the order of their slots. */
const SUMS: { readonly [kind in BlockKind]: readonly SumName[] } = {
  complete: ["xy"],
  gaps: ["xy", "x", "xx", "y", "yy"],
};

const count = (length: number): readonly number[] => Array.from({ length }, (_, i) => i);

/**
 * Thread (tx, ty) has rows ty + 16·i and columns tx + 16·j of its block; `…_j` holds the four rows of
 * one column in a vector. Their loops are written out, for not every compiler keeps an array in
 * registers. Missing values are zeros, with a zero in the mask: a NaN never comes here, because a GPU
 * may assume that there is none.
 */
export function tileShader(kind: BlockKind): string {
  const columns = count(colsPerThread(kind));
  const names = columns.flatMap((j) => SUMS[kind].map((name) => `${name}_${j}`));
  const slices = names.map((name) => `var ${name} = vec4<f32>();`);
  const groups = names.map((name) => `var group_${name} = vec4<f32>();`);
  const joins = names.map((name) => `${name} += group_${name};`);
  const rows = count(ROWS_PER_THREAD).flatMap((i) => rowLines(kind, i));
  const products = columns.flatMap((j) => columnLines(kind, j));
  return `${declarations(kind)}
@compute @workgroup_size(${GROUP_THREADS}, ${GROUP_THREADS})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_id) local: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let item = items[params.firstItem + group.x];
  let tx = local.x;
  let ty = local.y;
  ${slices.join("\n  ")}
  for (var first = item.z; first < item.z + item.w; first += ${STEPS_PER_GROUP}u) {
    ${groups.join("\n    ")}
    for (var step = first; step < first + ${STEPS_PER_GROUP}u; step += 1u) {
      load(item.xy, step, lane);
      workgroupBarrier();
      for (var k = 0u; k < ${VECTORS}u; k += 1u) {
        ${[...rows, ...products].join("\n        ")}
      }
      workgroupBarrier();
    }
    ${joins.join("\n    ")}
  }
${outputLines(kind, names)}
}
`;
}

const colPitch = (kind: BlockKind): number => GROUP_THREADS * colsPerThread(kind) + 1;

function declarations(kind: BlockKind): string {
  return `
struct Params { rows: u32, cols: u32, vectors: u32, pairs: u32, top: u32, firstItem: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rowValues: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> rowMasks: array<u32>;
@group(0) @binding(3) var<storage, read> colValues: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> colMasks: array<u32>;
@group(0) @binding(5) var<storage, read> items: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read_write> sums: array<atomic<i32>>;

fn maskVector(word: u32, at: u32) -> vec4<f32> {
  return vec4<f32>((vec4<u32>(word >> ((at % 8u) * 4u)) >> vec4<u32>(0u, 1u, 2u, 3u)) & vec4<u32>(1u));
}

${sideArrays("row", ROW_PITCH, kind)}
${sideArrays("col", colPitch(kind), kind)}
fn load(start: vec2<u32>, step: u32, lane: u32) {
  let series = lane / ${VECTORS}u;
  let k = lane % ${VECTORS}u;
  let at = step * ${VECTORS}u + k;
${loadLines("row", "x", ROW_PITCH, kind)}
${loadLines("col", "y", colPitch(kind), kind)}
}

fn add(slot: u32, pair: u32, value: f32) {
  let high = round(value * ${HIGH_UNITS}.0);
  let low = round((value - high * ${1 / HIGH_UNITS}) * ${LOW_UNITS}.0);
  atomicAdd(&sums[2u * slot * params.pairs + pair], i32(high));
  atomicAdd(&sums[(2u * slot + 1u) * params.pairs + pair], i32(low));
}
`;
}

const sideArrays = (side: string, pitch: number, kind: BlockKind): string =>
  (kind === "gaps" ? ["Tile", "Mask"] : ["Tile"])
    .map((name) => `var<workgroup> ${side}${name}: array<vec4<f32>, ${VECTORS * pitch}>;`)
    .join("\n");

/** Four neighbouring lanes read the 16 dates of one series; series beyond the tile are zeros. */
function loadLines(side: "row" | "col", start: "x" | "y", pitch: number, kind: BlockKind): string {
  const value = `${side}Values[index * params.vectors + at]`;
  const mask = `maskVector(${side}Masks[index * (params.vectors / 8u) + at / 8u], at)`;
  const set = (name: string, what: string): string =>
    `${side}${name}[k * ${pitch}u + series] = select(vec4<f32>(), ${what}, index < params.${side}s);`;
  return `  if (series < ${pitch - 1}u) {
    let index = start.${start} + series;
    ${set("Tile", value)}
    ${kind === "gaps" ? set("Mask", mask) : ""}
  }`;
}

function rowLines(kind: BlockKind, i: number): string[] {
  const at = `[k * ${ROW_PITCH}u + ty + ${i * GROUP_THREADS}u]`;
  const value = `let x${i} = rowTile${at};`;
  if (kind === "complete") return [value];
  return [value, `let xx${i} = x${i} * x${i};`, `let mx${i} = rowMask${at};`];
}

function columnLines(kind: BlockKind, j: number): string[] {
  const at = `[k * ${colPitch(kind)}u + tx + ${j * GROUP_THREADS}u]`;
  const dots = (sum: SumName, left: string, right: string): string => {
    const rows = count(ROWS_PER_THREAD).map((i) => `dot(${left}${i}, ${right})`);
    return `group_${sum}_${j} += vec4<f32>(${rows.join(", ")});`;
  };
  const value = [`let y${j} = colTile${at};`, dots("xy", "x", `y${j}`)];
  if (kind === "complete") return value;
  return [
    ...value,
    `let my${j} = colMask${at};`,
    dots("x", "x", `my${j}`),
    dots("xx", "xx", `my${j}`),
    `let yy${j} = y${j} * y${j};`,
    dots("y", "mx", `y${j}`),
    dots("yy", "mx", `yy${j}`),
  ];
}

/** Outside the hot loop a short program matters more than registers: some compilers take seconds. */
function outputLines(kind: BlockKind, names: readonly string[]): string {
  const sums = SUMS[kind].length;
  // A word of the mask is a group of steps.
  const counting = `
    var both = 0u;
    for (var first = item.z; first < item.z + item.w; first += ${STEPS_PER_GROUP}u) {
      let word = first / ${STEPS_PER_GROUP}u;
      let words = params.vectors / 8u;
      both += countOneBits(rowMasks[row * words + word] & colMasks[col * words + word]);
    }
    atomicAdd(&sums[${COUNT_PLANE}u * params.pairs + pair], i32(both));`;
  return `  var results = array<vec4<f32>, ${names.length}>(${names.join(", ")});
  for (var place = 0u; place < ${ROWS_PER_THREAD * colsPerThread(kind)}u; place += 1u) {
    let i = place % ${ROWS_PER_THREAD}u;
    let j = place / ${ROWS_PER_THREAD}u;
    let row = item.x + ty + i * ${GROUP_THREADS}u;
    let col = item.y + tx + j * ${GROUP_THREADS}u;
    if (row >= params.rows || col >= params.cols) { continue; }
    let pair = (row - params.top) * params.cols + col;
    for (var slot = 0u; slot < ${sums}u; slot += 1u) {
      add(slot, pair, results[j * ${sums}u + slot][i]);
    }${kind === "gaps" ? counting : ""}
  }`;
}
