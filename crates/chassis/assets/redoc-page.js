// Draws openapi.json of the same origin, in fonts that are already on the reader's machine.
const sans = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
const mono = 'ui-monospace, "SF Mono", Menlo, Consolas, monospace';
Redoc.init(
  "openapi.json",
  {
    expandResponses: "200,201",
    hideDownloadButtons: false,
    sortOperationsAlphabetically: false,
    theme: {
      colors: { primary: { main: "#b3402f" }, text: { primary: "#1d2327" } },
      sidebar: { backgroundColor: "#fbfaf7", textColor: "#1d2327" },
      rightPanel: { backgroundColor: "#22282c" },
      typography: {
        fontFamily: sans,
        headings: { fontFamily: sans, fontWeight: "600" },
        code: { fontFamily: mono, color: "#b3402f" },
      },
    },
  },
  document.getElementById("redoc"),
);
