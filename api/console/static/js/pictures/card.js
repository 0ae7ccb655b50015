// A node's card: its measures, its letters, the marks on it. On the canvas and in a saved picture alike.

export const CARD = { width: 216, height: 62, left: 36 };
export const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';
export const TOKENS = [
  "--surface", "--canvas", "--ink", "--quiet", "--edge", "--accent", "--accent-soft", "--good", "--bad", "--warn", "--info",
  "--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6",
];

const GOOD = { path: "M9.2 16.2 5.5 12.5 4 14l5.2 5.2L20 8.4 18.5 7Z", token: "--good" };
const BAD = { path: "M6 4.5 4.5 6l6 6-6 6L6 19.5l6-6 6 6 1.5-1.5-6-6 6-6L18 4.5l-6 6Z", token: "--bad" };
const ALERT = { path: "M12 2 23 21H1Zm-1.2 6v7h2.4V8Zm0 8.6V19h2.4v-2.4Z", token: "--warn" };
const TAINT = { path: "M12 1a11 11 0 1 0 .01 0ZM5.4 7 17 18.6A8.4 8.4 0 0 1 5.4 7ZM18.6 17 7 5.4A8.4 8.4 0 0 1 18.6 17Z", token: "--bad" };

/** The marks at a card's upper edge, from the right: [{kind, path, token}]. */
export function badgesOf(node) {
  return [
    node.proof === "good" && { kind: "good", ...GOOD },
    node.proof === "bad" && { kind: "bad", ...BAD },
    node.alerts > 0 && { kind: "alert", ...ALERT },
    node.tainted > 0 && { kind: "tainted", ...TAINT },
  ].filter(Boolean);
}
