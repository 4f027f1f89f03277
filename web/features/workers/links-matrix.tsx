// The matrix itself: a grid that arrow keys walk through, with the cell in words above it.
import { memo, useRef, useState, type CSSProperties, type KeyboardEvent } from "react";
import { inkOn, viridis } from "../../components/viridis.ts";
import { cellFigure, cellWords, type LinkMatrix, type MatrixCell } from "./links-model.ts";
import styles from "./links-matrix.module.css";

/** Up to so many machines the figures fit into the cells; beyond they are read above the grid. */
const FIGURES_MACHINES_MAX = 14;

const COORDINATOR = "Coordinator";

interface Place {
  readonly row: number;
  readonly column: number;
}

const STEPS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export const LinksMatrix = memo(function LinksMatrix({ matrix }: { readonly matrix: LinkMatrix }) {
  const { machines, rows } = matrix;
  const grid = useRef<HTMLTableElement>(null);
  const [pointed, setPointed] = useState<Place | null>(null);
  const [focused, setFocused] = useState<Place>({ row: 0, column: 0 });
  const senders = [COORDINATOR, ...machines.map(({ name }) => name)];
  const shown = pointed === null ? undefined : rows[pointed.row]?.[pointed.column];
  // Machines leave: the one cell that the keyboard reaches must be there.
  const home: Place = {
    row: Math.min(focused.row, rows.length - 1),
    column: Math.min(focused.column, senders.length - 1),
  };

  const placeOf = (target: EventTarget): Place | null => {
    const cell = target instanceof Element ? target.closest<HTMLElement>("td[data-row]") : null;
    if (cell === null) return null;
    return { row: Number(cell.dataset["row"]), column: Number(cell.dataset["column"]) };
  };
  const takeKey = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const row = Math.min(rows.length - 1, Math.max(0, home.row + step[0]));
    const column = Math.min(senders.length - 1, Math.max(0, home.column + step[1]));
    grid.current
      ?.querySelector<HTMLElement>(`td[data-row="${row}"][data-column="${column}"]`)
      ?.focus();
  };

  return (
    <>
      <p className={styles["readout"]} role="status">
        {pointed !== null && shown !== undefined ? (
          cellWords(shown, machines[pointed.row]?.name ?? "", senders[pointed.column] ?? "")
        ) : (
          <span>Point at a cell to read it, or walk with the arrow keys.</span>
        )}
      </p>
      <div className={styles["scroll"]}>
        <table
          ref={grid}
          role="grid"
          aria-label="Speed between machines, in megabytes a second"
          className={styles["matrix"]}
          data-size={machines.length <= FIGURES_MACHINES_MAX ? "figures" : "colours"}
          onKeyDown={takeKey}
          onFocus={(event) => {
            const place = placeOf(event.target);
            if (place === null) return;
            setFocused(place);
            setPointed(place);
          }}
          onBlur={() => setPointed(null)}
          onPointerOver={(event) => setPointed(placeOf(event.target))}
          onPointerLeave={() => setPointed(null)}
        >
          <thead>
            <tr>
              <th scope="col" className={styles["corner"]}>
                to ↓ from →
              </th>
              {senders.map((name, column) => (
                <th key={column === 0 ? "" : machines[column - 1]?.worker} scope="col">
                  <span title={name}>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {machines.map(({ worker, name }, row) => (
              <tr key={worker}>
                <th scope="row" title={name}>
                  {name}
                </th>
                {(rows[row] ?? []).map((cell, column) => (
                  <Cell
                    key={column === 0 ? "" : machines[column - 1]?.worker}
                    cell={cell}
                    row={row}
                    column={column}
                    isHome={row === home.row && column === home.column}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
});

interface CellProps extends Place {
  readonly cell: MatrixCell;
  /** The one that the tab key reaches. */
  readonly isHome: boolean;
}

function colours(cell: MatrixCell): CSSProperties | undefined {
  if (cell.kind !== "measured") return undefined;
  const ground = viridis(cell.share);
  return { backgroundColor: `rgb(${ground.join(" ")})`, color: inkOn(ground) };
}

const Cell = memo(
  function Cell({ cell, row, column, isHome }: CellProps) {
    return (
      <td
        role="gridcell"
        data-row={row}
        data-column={column}
        data-kind={cell.kind}
        tabIndex={isHome ? 0 : -1}
        style={colours(cell)}
      >
        <span>{cellFigure(cell)}</span>
      </td>
    );
  },
  (before, after) =>
    before.row === after.row &&
    before.column === after.column &&
    before.isHome === after.isHome &&
    (before.cell === after.cell || JSON.stringify(before.cell) === JSON.stringify(after.cell)),
);
