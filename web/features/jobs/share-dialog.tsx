// The job's address with the key to the cluster, to be sent to somebody who may look.
import type { JobView } from "../../../shared/protocol/messages.ts";
import { jobPath } from "../../app/router.ts";
import { useSession } from "../../app/session.ts";
import { CopyField } from "../../components/copy-field.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { useJoinLinks } from "../dashboard/use-join-links.ts";
import { shareOrigin } from "./share-origin.ts";
import styles from "./job-dialogs.module.css";

export interface ShareDialogProps {
  readonly job: JobView;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function ShareDialog({ job, isOpen, onClose }: ShareDialogProps) {
  return (
    <Dialog isOpen={isOpen} title="Share this job" onClose={onClose}>
      <ShareLink job={job} />
    </Dialog>
  );
}

function ShareLink({ job }: Pick<ShareDialogProps, "job">) {
  const { token } = useSession();
  const links = useJoinLinks();
  const origin = shareOrigin(location, links.state === "ready" ? links.links : []);
  return (
    <div className={styles["content"]}>
      <CopyField label="Address of this job" value={`${origin}${jobPath(job.job)}#t=${token}`} />
      <p>
        The address holds the key of this dashboard: whoever has it can see every job, start and
        delete jobs, and run functions on the machines that agreed to it. Send it only to people
        whom you would let sit at this dashboard. It works in this network.
      </p>
    </div>
  );
}
