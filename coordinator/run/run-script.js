// The process in which `tabswarm run` runs a script: first the library through tsx, then the script as it is.
import { register } from "tsx/esm/api";

const unregister = register();
const { runScript } = await import("./run-script.ts");
// The script is bundled already, and its packages are Node's to load.
await unregister();
await runScript(process.argv[2] ?? "");
