// A progress bar on stderr, and nothing where stderr is no terminal.
import { SingleBar } from "cli-progress";

export interface Progress {
  /** Shows `done` of `total` under `label`; units are only for the eye. */
  readonly show: (label: string, done: number, total: number, detail?: string) => void;
  /** Prints a line above the bar. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) {
    return {
      show: () => undefined,
      say: (line) => void stream.write(`${line}\n`),
      stop: () => undefined,
    };
  }
  const bar = new SingleBar({
    stream,
    format: "{label} [{bar}] {percentage}% {detail}",
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 32,
    fps: 10,
    gracefulExit: false,
  });
  let isStarted = false;
  const clear = (): void => {
    if (isStarted) bar.stop();
    isStarted = false;
  };
  return {
    show: (label, done, total, detail = "") => {
      const payload = { label: label.padEnd(12), detail };
      if (!isStarted) bar.start(Math.max(1, total), done, payload);
      isStarted = true;
      bar.setTotal(Math.max(1, total));
      bar.update(done, payload);
    },
    say: (line) => {
      clear();
      stream.write(`${line}\n`);
    },
    stop: clear,
  };
}
