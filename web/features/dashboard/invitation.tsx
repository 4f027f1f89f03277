// The invitation of another machine as a dialog, wherever a page offers it.
import { Dialog } from "../../components/dialog.tsx";
import { JoinInvitation } from "./join-invitation.tsx";
import { useJoinLinks } from "./use-join-links.ts";

export interface InvitationProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function Invitation({ isOpen, onClose }: InvitationProps) {
  return (
    <Dialog isOpen={isOpen} title="Add a machine" onClose={onClose}>
      <Links />
    </Dialog>
  );
}

/** Asks for the addresses only once they are to be seen. */
function Links() {
  return <JoinInvitation links={useJoinLinks()} />;
}
