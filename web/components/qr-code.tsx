// A QR code as one SVG path: dark on light in both colour schemes, as cameras want it.
import { create } from "qrcode";
import { memo, useMemo } from "react";
import styles from "./qr-code.module.css";

/** Light modules around the code: the standard asks for four. */
const QUIET_MODULES = 4;

export interface QrCodeProps {
  readonly text: string;
  readonly label: string;
}

export const QrCode = memo(function QrCode({ text, label }: QrCodeProps) {
  const { path, size } = useMemo(() => pathOf(text), [text]);
  return (
    <svg
      className={styles["code"]}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label}
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#1f1c17" />
    </svg>
  );
});

function pathOf(text: string): { readonly path: string; readonly size: number } {
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  const parts: string[] = [];
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      if (modules.get(row, column) === 0) continue;
      parts.push(`M${column + QUIET_MODULES} ${row + QUIET_MODULES}h1v1h-1z`);
    }
  }
  return { path: parts.join(""), size: modules.size + 2 * QUIET_MODULES };
}
