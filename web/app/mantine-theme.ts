// Ties Mantine's colours, sizes and type to the custom properties of theme.css.
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const amber: MantineColorsTuple = [
  "#fff6e5",
  "#fdf1d9",
  "#fbdfa8",
  "#f8cd76",
  "#ffb938",
  "#f3a81c",
  "#e2980b",
  "#855000",
  "#6b4000",
  "#4d2e00",
];

/** Mantine's neutrals, warmed to stand beside the grounds of theme.css. */
const gray: MantineColorsTuple = [
  "#faf9f6",
  "#f2f0eb",
  "#e9e6df",
  "#e4e0d8",
  "#948c7e",
  "#948c7e",
  "#7a7266",
  "#625c52",
  "#4a443b",
  "#1f1c17",
];
const dark: MantineColorsTuple = [
  "#f2eee6",
  "#d4cdc0",
  "#aba396",
  "#8d8578",
  "#726a5d",
  "#3b3731",
  "#1c1a17",
  "#131210",
  "#0d0c0b",
  "#080706",
];

export const mantineTheme = createTheme({
  primaryColor: "amber",
  colors: { amber, gray, dark },
  primaryShade: { light: 5, dark: 4 },
  // Dark letters on the bright accent: white on amber fails AA.
  autoContrast: true,
  black: "#1f1c17",
  fontFamily: "var(--font-body)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "1rem", lg: "1.25rem", xl: "1.75rem" },
  spacing: { xs: "8px", sm: "16px", md: "24px", lg: "32px", xl: "48px" },
  defaultRadius: "var(--radius)",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: "right" } },
  },
});

const shared = {
  "--mantine-color-body": "var(--ground)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-muted)",
  "--mantine-color-anchor": "var(--accent-text)",
  "--mantine-color-placeholder": "var(--text-muted)",
  "--mantine-color-error": "var(--failed-text)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--surface-sunken)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line-strong)",
  "--mantine-color-amber-filled": "var(--accent)",
  "--mantine-color-amber-filled-hover": "var(--accent-hover)",
  "--mantine-color-amber-light": "var(--accent-soft)",
  "--mantine-color-amber-light-color": "var(--accent-text)",
  "--mantine-color-amber-outline": "var(--accent-text)",
  "--mantine-color-amber-text": "var(--accent-text)",
  "--mantine-primary-color-filled": "var(--accent)",
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  // Both schemes point at the same properties, which change with the system's scheme themselves.
  light: shared,
  dark: shared,
});

/** The nonce that lets Mantine's style elements through the content security policy. */
export function styleNonce(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  return meta?.content ?? "";
}
