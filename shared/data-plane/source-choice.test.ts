import { expect, test } from "vitest";
import { asBlockId, asPeerId } from "../ids.ts";
import { chooseSource } from "./source-choice.ts";
import type { SourceMeter } from "./source-meter.ts";

const peer = asPeerId("peer-1234");
const meterOf = (bytesPerMs: number | null, activeTransfers = 0): SourceMeter => ({
  bytesPerMs,
  bytesReceived: 0,
  activeTransfers,
  pendingBytes: 0,
  started: () => undefined,
  progressed: () => undefined,
  ended: () => undefined,
});

function choose(coordinator: SourceMeter, options: { stored?: boolean; failed?: boolean } = {}) {
  const dialled: string[] = [];
  const choice = chooseSource({
    located: {
      block: asBlockId("a".repeat(64)),
      sizeBytes: 4_000_000,
      peers: [peer],
      stored: options.stored ?? true,
    },
    tried: new Set(options.failed === true ? [null] : []),
    meter: (source) => (source === null ? coordinator : meterOf(null)),
    directState: () => (dialled.length > 0 ? "open" : "none"),
    dial: (who) => void dialled.push(who),
    random: () => 0.5,
  });
  return { choice, dialled };
}

test("a coordinator faster than any channel spares opening one", () => {
  expect(choose(meterOf(100_000))).toEqual({ choice: { kind: "take", source: null }, dialled: [] });
  expect(choose(meterOf(100_000, 2))).toEqual({ choice: { kind: "wait" }, dialled: [] });
});

test("a slow or unmeasured coordinator, or one that lacks the block, does not", () => {
  const direct = { choice: { kind: "take", source: peer }, dialled: [peer] };
  expect(choose(meterOf(20_000))).toEqual(direct);
  expect(choose(meterOf(null))).toEqual(direct);
  expect(choose(meterOf(100_000), { stored: false })).toEqual(direct);
  expect(choose(meterOf(100_000), { failed: true })).toEqual(direct);
});
