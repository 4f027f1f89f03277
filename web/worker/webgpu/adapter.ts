// Which GPU there is, what it is called, and whether it is one: software in its place is never used unasked.

/** As much of `navigator.gpu` as is used here; tests give another. */
export interface GpuEntry {
  requestAdapter(options?: GPURequestAdapterOptions): Promise<GPUAdapter | null>;
}

/** What a person reads. A GPU that a processor plays always says so. */
export interface GpuName {
  readonly label: string;
  readonly isSoftware: boolean;
}

type AdapterNames = Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description">;

/** Names of the known programs that do a GPU's work on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b|software/i;

/** The adapter's name, the most telling that it gives. `isFallback` is the browser's own word on it. */
export function nameAdapter(info: AdapterNames, isFallback: boolean): GpuName {
  const { vendor, architecture, device, description } = info;
  const isSoftware =
    isFallback || SOFTWARE.test([description, device, architecture, vendor].join(" "));
  const made = [vendor, architecture].filter((part) => part !== "").join(" ");
  const name = [description, device, made].find((part) => part !== "") ?? "GPU";
  return { label: isSoftware ? `${name} (software)` : name, isSoftware };
}

/** Chrome said "fallback" of the adapter itself before the standard moved it into the adapter's info. */
export const isFallback = (adapter: GPUAdapter): boolean =>
  adapter.info.isFallbackAdapter ||
  (adapter as { readonly isFallbackAdapter?: boolean }).isFallbackAdapter === true;
