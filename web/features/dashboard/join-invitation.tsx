// How another machine joins: a code to scan, an address to copy or type.
import { Select, Skeleton } from "@mantine/core";
import { useState } from "react";
import { CopyField } from "../../components/copy-field.tsx";
import { QrCode } from "../../components/qr-code.tsx";
import { shortLink, type JoinLinks } from "./join-links.ts";
import styles from "./join-invitation.module.css";

export function JoinInvitation({ links }: { links: JoinLinks }) {
  const [chosen, setChosen] = useState<string | null>(null);
  if (links.state === "failed" || (links.state === "ready" && links.links.length === 0)) {
    return (
      <p className={styles["hint"]}>
        The join address could not be found out here. The terminal where Tabswarm was started prints
        it, with a code to scan.
      </p>
    );
  }
  const options = links.state === "ready" ? links.links : [];
  const link = options.find((option) => option === chosen) ?? options[0];
  return (
    <div className={styles["invitation"]}>
      <div className={styles["code"]}>
        {link === undefined ? (
          <Skeleton className={styles["pending"] ?? ""} />
        ) : (
          <QrCode text={link} label={`Code to scan for ${shortLink(link)}`} />
        )}
      </div>
      <div className={styles["steps"]}>
        <p>
          <strong>Phone or tablet:</strong> scan the code with its camera.
        </p>
        <p>
          <strong>Computer:</strong> open this address in its browser.
        </p>
        <CopyField value={link ?? ""} label="Join address" />
        {options.length > 1 && (
          <Select
            label="This machine has several addresses"
            data={options.map((option) => ({ value: option, label: shortLink(option) }))}
            value={link ?? null}
            onChange={setChosen}
          />
        )}
        <p className={styles["hint"]}>
          It must be in the same network. Nothing is installed: the page computes while it is open.
        </p>
      </div>
    </div>
  );
}
