// The page's colours for what is not drawn by style sheets, and the marks of the stages.

/** The colours behind tokens ("--ink") as the scheme in force has them: {"--ink": "rgb(...)"}. */
export function colours(...tokens) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = Object.fromEntries(
    tokens.map((token) => {
      probe.style.color = `var(${token})`;
      return [token, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return found;
}

/** Calls `listener` when light turns to dark or back, or the screen to paper; gives a function that ends it. */
export function onScheme(listener) {
  const media = ["(prefers-color-scheme: dark)", "print"].map((query) => matchMedia(query));
  addEventListener("themechange", listener);
  media.forEach((each) => each.addEventListener("change", listener));
  return () => {
    removeEventListener("themechange", listener);
    media.forEach((each) => each.removeEventListener("change", listener));
  };
}

// Stage -> a shape of its own in a box of 24, and a colour: neither says it alone.
const MARKS = {
  ore: ["M12 3 22 21H2Z", "--series-2"],
  concentrate: ["M8 4h8l6 16H2Z", "--series-2"],
  mixed_compound: ["M12 2a10 10 0 1 0 .01 0Z", "--series-6"],
  separated_compound: ["M7 3h10l5 9-5 9H7l-5-9Z", "--series-4"],
  metal: ["M12 1 23 12 12 23 1 12Z", "--series-3"],
  alloy: ["M8 2h8l6 6v8l-6 6H8l-6-6V8Z", "--series-5"],
  magnet: ["M3 22V12a9 9 0 0 1 18 0v10h-6V12a3 3 0 0 0-6 0v10Z", "--series-1"],
  scrap: ["M2 4h6l4 5 4-5h6l-6 8 6 8h-6l-4-5-4 5H2l6-8Z", "--quiet"],
  product: ["M3 3h18v18H3Z", "--info"],
  pool: ["M2 5h20v4l-3 12H5L2 9Z", "--warn"],
};
const OTHER = ["M4 10h16v4H4Z", "--quiet"];

/** The mark of a stage (or "pool"): {path, token}. */
export function markOf(stage) {
  const [path, token] = MARKS[stage] ?? OTHER;
  return { path, token };
}

export const STAGES = Object.keys(MARKS);
