#!/usr/bin/env node
// Starts the command line: checks Node's version, then runs the TypeScript sources through tsx.
// Plain JavaScript that old versions can read as well, so that they reach the sentence below.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Tabswarm needs Node 20.19 or newer; this is ${process.versions.node}. Get one from https://nodejs.org.`,
  );
  process.exitCode = 1;
} else {
  const { register } = await import("tsx/esm/api");
  register();
  const { main } = await import("./cli.ts");
  await main(process.argv.slice(2));
}
