/** The colours of Redoc, like those of pages.css. Redoc computes shades from them, so they cannot be variables of CSS. */

const LIGHT = {
  text: "#1c2330",
  muted: "#5a6475",
  background: "#ffffff",
  raised: "#f2f4f8",
  border: "#d8dde6",
  link: "#2848b8",
  success: "#15703a",
  error: "#b3261e",
  panel: "#1b212d",
  code: "#12161f",
};

const DARK: typeof LIGHT = {
  text: "#e4e8f0",
  muted: "#9aa5b8",
  background: "#12161f",
  raised: "#1b212d",
  border: "#323b4c",
  link: "#9db4ff",
  success: "#6fd08c",
  error: "#ff9d94",
  panel: "#1b212d",
  code: "#12161f",
};

/** Returns the theme of Redoc for a light or a dark page. */
export function theme(isDark: boolean): object {
  const colors = isDark ? DARK : LIGHT;
  const monospace = "ui-monospace, monospace";
  const response = (color: string) => ({
    color,
    backgroundColor: colors.raised,
    tabTextColor: DARK.text,
  });
  return {
    colors: {
      primary: { main: colors.link },
      success: { main: colors.success },
      error: { main: colors.error },
      text: { primary: colors.text, secondary: colors.muted },
      border: { light: colors.border, dark: colors.border },
      responses: {
        success: { ...response(colors.success), tabTextColor: DARK.success },
        error: { ...response(colors.error), tabTextColor: DARK.error },
        redirect: response(colors.muted),
        info: response(colors.muted),
      },
    },
    schema: {
      linesColor: colors.border,
      nestedBackground: colors.raised,
      typeNameColor: colors.muted,
      typeTitleColor: colors.muted,
      requireLabelColor: colors.error,
    },
    sidebar: { backgroundColor: colors.raised, textColor: colors.text },
    rightPanel: { backgroundColor: colors.panel, textColor: DARK.text },
    codeBlock: { backgroundColor: colors.code },
    fab: { backgroundColor: colors.raised, color: colors.text },
    typography: {
      fontSize: "16px",
      fontFamily: "system-ui, sans-serif",
      headings: { fontFamily: "system-ui, sans-serif" },
      code: {
        fontFamily: monospace,
        color: colors.text,
        backgroundColor: colors.raised,
        wrap: true,
      },
      links: { color: colors.link, visited: colors.link, hover: colors.text },
    },
  };
}
