// The other thing to do with a cluster, under the table: price an option by simulation.
import { Button } from "@mantine/core";
import { linkTo } from "../../app/link-to.ts";
import { simulatePath } from "../../app/router.ts";
import { HistoriesIcon } from "../../components/icons.tsx";
import styles from "./simulation-invitation.module.css";

export function SimulationInvitation() {
  return (
    <section className={styles["frame"]} aria-labelledby="simulation-title">
      <div className={styles["invitation"]}>
        <span className={styles["icon"]}>
          <HistoriesIcon sizePx={32} />
        </span>
        <div className={styles["words"]}>
          <h2 id="simulation-title" className={styles["title"]}>
            Price an option by simulation
          </h2>
          <p className={styles["text"]}>
            Your machines draw millions of possible price histories; what the option pays on average
            is what it is worth.
          </p>
        </div>
        <Button
          component="a"
          variant="default"
          className={styles["button"] ?? ""}
          {...linkTo(simulatePath)}
        >
          Set up a simulation
        </Button>
      </div>
    </section>
  );
}
