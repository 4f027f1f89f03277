// The groups of the graph as a table: the same as the picture, in words and buttons.
import { Button } from "@mantine/core";
import { formatCount } from "../../components/format.ts";
import type { GraphScene } from "./graph-scene.ts";
import styles from "./graph-view.module.css";

export interface GraphTableProps {
  readonly scene: GraphScene;
  readonly groups: readonly string[];
  readonly unfolded: ReadonlySet<string>;
  readonly canUnfold: boolean;
  readonly onFold: (group: string, isUnfolded: boolean) => void;
}

const COLUMNS = ["total", "done", "leased", "ready", "waiting", "failed"] as const;
const HEADS: Record<(typeof COLUMNS)[number], string> = {
  total: "Tasks",
  done: "Done",
  leased: "With machines",
  ready: "Ready",
  waiting: "Waiting",
  failed: "Failed",
};

export function GraphTable({ scene, groups, unfolded, canUnfold, onFold }: GraphTableProps) {
  const readsOf = readsByGroup(scene);
  return (
    <details className={styles["table"]}>
      <summary>The functions as a table</summary>
      {/* A wide table scrolls by itself, with the keyboard too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls sideways */}
      <div
        className={styles["scroll"]}
        role="region"
        aria-label="Functions of the graph"
        tabIndex={0}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Function</th>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {HEADS[column]}
                </th>
              ))}
              <th scope="col">Reads</th>
              {canUnfold && <th scope="col">In the picture</th>}
            </tr>
          </thead>
          <tbody>
            {groups.map((group, place) => {
              const name = scene.names[place];
              const words = name === undefined ? group : `${name.label} ${name.mark}`.trim();
              const isUnfolded = unfolded.has(group);
              return (
                <tr key={group}>
                  <th scope="row">{words}</th>
                  {COLUMNS.map((column) => (
                    <td key={column}>{formatCount(scene.counts[place]?.[column] ?? 0)}</td>
                  ))}
                  <td>{readsOf.get(place)?.join(", ") ?? "nothing"}</td>
                  {canUnfold && (
                    <td>
                      <Button
                        variant="default"
                        size="compact-xs"
                        aria-label={`${isUnfolded ? "Fold" : "Unfold"} ${words}`}
                        onClick={() => onFold(group, !isUnfolded)}
                      >
                        {isUnfolded ? "Fold" : "Unfold"}
                      </Button>
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** The names of the groups that each group reads. */
function readsByGroup({ layout, names }: GraphScene): ReadonlyMap<number, readonly string[]> {
  const reads = new Map<number, Set<number>>();
  for (const { from, to } of layout.edges) {
    const [source, reader] = [layout.blocks[from]?.group, layout.blocks[to]?.group];
    if (source === undefined || reader === undefined) continue;
    const known = reads.get(reader);
    if (known === undefined) reads.set(reader, new Set([source]));
    else known.add(source);
  }
  return new Map(
    [...reads].map(([reader, sources]) => [
      reader,
      [...sources].map((source) =>
        source === reader ? "itself" : `${names[source]?.label} ${names[source]?.mark}`.trim(),
      ),
    ]),
  );
}
