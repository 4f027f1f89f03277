// Draws the Mandelbrot set as text: one call a line, each of which may run on another machine.
//   npx tabswarm run e2e/examples/mandelbrot.ts -- 100 40

const [width = 72, height = 25] = process.argv.slice(2).map(Number);

/** The line of pixels with this imaginary part, the darker the longer a point stays near. */
function drawLine({ imaginary, width }: { imaginary: number; width: number }): string {
  const inks = " .:-=+*#%@";
  let line = "";
  for (let column = 0; column < width; column += 1) {
    const real = -2.2 + (3.2 * column) / (width - 1);
    let [x, y, steps] = [0, 0, 0];
    while (x * x + y * y < 4 && steps < 200) {
      [x, y] = [x * x - y * y + real, 2 * x * y + imaginary];
      steps += 1;
    }
    line += inks.charAt(steps >= 200 ? 9 : Math.min(8, Math.floor(Math.log2(steps))));
  }
  return line;
}

const rows = Array.from({ length: height }, (_, row) => ({
  imaginary: 1.2 - (2.4 * row) / (height - 1),
  width,
}));
for (const line of await cluster.gather(cluster.map(drawLine, rows))) console.log(line);
