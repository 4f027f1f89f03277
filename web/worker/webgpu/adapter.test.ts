// What is software in place of a GPU, and what a person is told.
import { describe, expect, it } from "vitest";
import { nameAdapter } from "./adapter.ts";

const info = { vendor: "", architecture: "", device: "", description: "" };

describe("an adapter's name", () => {
  it.each([
    [{ ...info, vendor: "google", architecture: "swiftshader" }, "google swiftshader (software)"],
    [
      { ...info, description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
      "llvmpipe (LLVM 15.0.6, 256 bits) (software)",
    ],
    [
      { ...info, vendor: "microsoft", description: "Microsoft Basic Render Driver" },
      "Microsoft Basic Render Driver (software)",
    ],
    [{ ...info, vendor: "microsoft", architecture: "warp" }, "microsoft warp (software)"],
  ])("%j is software", (names, label) => {
    expect(nameAdapter(names, false)).toEqual({ label, isSoftware: true });
  });

  it.each([
    [{ ...info, vendor: "apple", architecture: "metal-3" }, "apple metal-3"],
    [
      { ...info, vendor: "nvidia", description: "NVIDIA GeForce RTX 3060" },
      "NVIDIA GeForce RTX 3060",
    ],
    [{ ...info, vendor: "intel", architecture: "gen-12lp", device: "0x9a49" }, "0x9a49"],
    [info, "GPU"],
  ])("%j is none", (names, label) => {
    expect(nameAdapter(names, false)).toEqual({ label, isSoftware: false });
  });

  it("says software wherever the browser says fallback", () => {
    const names = { ...info, vendor: "apple", architecture: "metal-3" };
    expect(nameAdapter(names, true)).toEqual({
      label: "apple metal-3 (software)",
      isSoftware: true,
    });
    expect(nameAdapter(info, true)).toEqual({ label: "GPU (software)", isSoftware: true });
  });
});
