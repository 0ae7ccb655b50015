// The log as a picture: a cell for each tile of 256 entries, coloured as it is checked. Its twin is a table.
import { count } from "../../core/format.js";
import { html, useEffect, useRef } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { go } from "../../core/router.js";
import { Badge, EntryLink, Table } from "../../core/ui.js";
import { onScheme } from "../../pictures/colours.js";
import { TILE_WIDTH } from "../../proof/tiles.js";
import { BAD, GOOD, UNKNOWN, runsOf } from "./check.js";

const COLOURS = { [UNKNOWN]: "--edge", [GOOD]: "--good", [BAD]: "--bad" };
const NAMES = { [UNKNOWN]: "unknown", [GOOD]: "good", [BAD]: "bad" };
const TONES = { [UNKNOWN]: "", [GOOD]: "good", [BAD]: "bad" };

/** How wide a cell is, so that the picture stays within reason for any log. */
const cellOf = (tiles) => (tiles > 20_000 ? 3 : tiles > 4_000 ? 5 : tiles > 800 ? 8 : 14);

function draw(canvas, tiles) {
  const cell = cellOf(tiles.length);
  const columns = Math.max(1, Math.floor(canvas.parentElement.clientWidth / cell));
  const scale = devicePixelRatio;
  canvas.width = columns * cell * scale;
  canvas.height = Math.ceil(tiles.length / columns) * cell * scale;
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${canvas.height / scale}px`;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colours = Object.fromEntries(Object.entries(COLOURS).map(([state, name]) => [state, resolved(style, name)]));
  tiles.forEach((state, at) => {
    pen.fillStyle = colours[state];
    pen.fillRect((at % columns) * cell, Math.floor(at / columns) * cell, cell - 1, cell - 1);
  });
}

/** A token's colour in the scheme in force: canvas does not read light-dark(). */
function resolved(style, name) {
  const value = style.getPropertyValue(name).trim();
  const pair = /^light-dark\(\s*([^,]+),\s*([^)]+)\)$/.exec(value);
  if (!pair) return value;
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  return pair[dark ? 2 : 1].trim();
}

/** The picture; a click on a cell opens its entries. */
export function Strip({ tiles, size }) {
  const canvas = useRef(null);
  useEffect(() => {
    const again = () => canvas.current && draw(canvas.current, tiles);
    again();
    const end = onScheme(again);
    addEventListener("resize", again);
    return () => {
      end();
      removeEventListener("resize", again);
    };
  });
  const open = (event) => {
    const cell = cellOf(tiles.length);
    const columns = Math.round(canvas.current.clientWidth / cell);
    const index = Math.floor(event.offsetY / cell) * columns + Math.floor(event.offsetX / cell);
    if (index < tiles.length) go(`/console/entries?index=${index * TILE_WIDTH}`);
  };
  const bad = tiles.filter((state) => state === BAD).length;
  const good = tiles.filter((state) => state === GOOD).length;
  return html`<div class="strip"><canvas ref=${canvas} role="img" onClick=${open} aria-label=${t("auditor.strip.label", { n: tiles.length, good, bad, size: count(size) })}></canvas></div>`;
}

/** The same as a table: neighbouring tiles of one state together. */
export const StripTable = ({ tiles, size }) => html`<${Table}
  caption=${t("auditor.strip.table")}
  csv="chain.csv"
  rows=${runsOf(tiles, size)}
  rowKey=${(row) => row.first}
  columns=${[
    { key: "first", title: t("auditor.strip.first"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.first} />` },
    { key: "last", title: t("auditor.strip.last"), numeric: true, cell: (row) => html`<${EntryLink} index=${row.last} />` },
    { key: "state", title: t("auditor.strip.state"), value: (row) => t(`auditor.state.${NAMES[row.state]}`), cell: (row) => html`<${Badge} tone=${TONES[row.state]}>${t(`auditor.state.${NAMES[row.state]}`)}<//>` },
  ]} />`;
