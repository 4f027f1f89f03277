// The first rows of a file as they will be read, each column marked with what it is for.
import { memo } from "react";
import { columnRole, type ColumnRole } from "./layout-choices.ts";
import type { TableSummary } from "./table-summary.ts";
import styles from "./preview-table.module.css";

/** What fits a wide screen; the rest is counted in a last column. */
const COLUMNS_MAX = 12;

const ROLE_WORDS: Record<ColumnRole, string> = {
  date: "Date",
  series: "Name",
  value: "Values",
  ignored: "Not used",
};

export const PreviewTable = memo(function PreviewTable({ summary }: { summary: TableSummary }) {
  const { columns, firstRows, layout } = summary;
  const shown = columns.slice(0, COLUMNS_MAX);
  const more = summary.columnCount - shown.length;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls, so the keyboard must reach it
    <div className={styles["frame"]} tabIndex={0} role="region" aria-label="First rows of the file">
      <table className={styles["table"]}>
        <thead>
          <tr>
            {shown.map((name, index) => {
              const role = columnRole(layout, index);
              return (
                // oxlint-disable-next-line react/no-array-index-key -- columns may share a name
                <th key={index} scope="col" data-role={role}>
                  <span className={styles["role"]}>{ROLE_WORDS[role]}</span>
                  {name}
                </th>
              );
            })}
            {more > 0 && <th className={styles["more"]}>and {more} more</th>}
          </tr>
        </thead>
        <tbody>
          {firstRows.map((row, rowIndex) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows are known by their place
            <tr key={rowIndex}>
              {shown.map((name, index) => {
                const cell = row[index] ?? "";
                return (
                  // oxlint-disable-next-line react/no-array-index-key -- columns may share a name
                  <td key={`${index} ${name}`} data-role={columnRole(layout, index)}>
                    {cell === "" ? <span className={styles["missing"]}>missing</span> : cell}
                  </td>
                );
              })}
              {more > 0 && <td className={styles["more"]}>…</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
});
