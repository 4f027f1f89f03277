// The icons of the heatmap's tools.
import { Icon } from "../../components/icons.tsx";

/** A little smaller than elsewhere: these stand in rows of tools. */
const SIZE_PX = 18;

export const ZoomInIcon = () => (
  <Icon sizePx={SIZE_PX}>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.2 13.2 3.8 3.8M9 6.8v4.4M6.8 9h4.4" />
  </Icon>
);

export const ZoomOutIcon = () => (
  <Icon sizePx={SIZE_PX}>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.2 13.2 3.8 3.8M6.8 9h4.4" />
  </Icon>
);

export const WholeIcon = () => (
  <Icon sizePx={SIZE_PX}>
    <path d="M3.5 7.5v-4h4M16.5 7.5v-4h-4M3.5 12.5v4h4M16.5 12.5v4h-4" />
  </Icon>
);
