// That a machine's GPU is named, and that nobody waits for it.
import { expect, test } from "vitest";
import { createVirtualClock } from "../../../shared/data-plane/virtual-clock.ts";
import type { GpuEntry } from "./adapter.ts";
import { findGpuName } from "./find-gpu.ts";

const info = { vendor: "nvidia", architecture: "ampere", device: "", description: "" };
/** As much of an adapter as is looked at. */
const adapter = (more: object) => ({ info: { ...info, ...more } }) as GPUAdapter;
const entry = (answer: () => Promise<GPUAdapter | null>): GpuEntry => ({ requestAdapter: answer });

test("a GPU is called by its name, and software says that it is", async () => {
  const clock = createVirtualClock();
  const hardware = entry(() => Promise.resolve(adapter({})));
  expect(await findGpuName(hardware, clock)).toBe("nvidia ampere");
  const software = entry(() => Promise.resolve(adapter({ isFallbackAdapter: true })));
  expect(await findGpuName(software, clock)).toBe("nvidia ampere (software)");
});

test("without a GPU, or when it fails to answer, there is no name", async () => {
  const clock = createVirtualClock();
  expect(await findGpuName(undefined, clock)).toBeNull();
  expect(
    await findGpuName(
      entry(() => Promise.resolve(null)),
      clock,
    ),
  ).toBeNull();
  const broken = entry(() => Promise.reject(new Error("The GPU process is gone.")));
  expect(await findGpuName(broken, clock)).toBeNull();
  const silent = findGpuName(
    entry(() => new Promise(() => undefined)),
    clock,
  );
  await clock.advance(300);
  expect(await silent).toBeNull();
});
