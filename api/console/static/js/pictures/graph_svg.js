// The graph as a picture in a file: what stands on the canvas, written as SVG.
import { badgesOf, CARD, FONT } from "./card.js";
import { markOf } from "./colours.js";

const escape = (text) => String(text).replace(/[<>&"]/g, (each) => `&#${each.charCodeAt(0)};`);
const shape = ({ path }, colour, x, y, size) =>
  `<path transform="translate(${x} ${y}) scale(${size / 24})" fill="${colour}" fill-rule="evenodd" d="${path}"/>`;

function card(node, paint) {
  const { path, token } = markOf(node.stage);
  const colour = node.type === "hidden" ? paint["--quiet"] : paint[token];
  const folded = ["firm", "stage", "rest"].includes(node.type);
  const [x, y] = [node.x - CARD.width / 2, node.y - CARD.height / 2];
  const box = (grow) =>
    `<rect x="${x - grow}" y="${y - grow}" width="${CARD.width + 2 * grow}" height="${CARD.height + 2 * grow}" rx="6" fill="${node.depth === 0 ? paint["--accent-soft"] : paint["--surface"]}" stroke="${node.tainted > 0 ? paint["--bad"] : colour}" stroke-width="${node.depth === 0 ? 3 : 1.5}"${node.type === "hidden" ? ' stroke-dasharray="5 4"' : ""}/>`;
  const top = node.y - ((node.lines.length - 1) * 15.6) / 2 + 4;
  const text = node.lines.map((line, at) => `<text x="${x + CARD.left}" y="${top + at * 15.6}">${escape(line)}</text>`);
  const marks = badgesOf(node).map((each, at) => shape(each, paint[each.token], x + CARD.width - 22 - at * 22, y + 4, 16));
  return `<g><title>${escape(node.words.join(", "))}</title>${folded ? box(4) : ""}${box(0)}${shape({ path }, colour, x + 10, y + 21, 20)}${text.join("")}${marks.join("")}</g>`;
}

/** From edge to edge of two cards: out of the side that faces the other. */
function line(edge, at, paint) {
  const [from, to] = [at.get(edge.source), at.get(edge.target)];
  const along = Math.abs(to.x - from.x) > CARD.width;
  const turn = Math.sign(along ? to.x - from.x : to.y - from.y) || 1;
  const [dx, dy] = along ? [(turn * CARD.width) / 2, 0] : [0, (turn * CARD.height) / 2];
  const [x1, y1, x2, y2] = [from.x + dx, from.y + dy, to.x - dx, to.y - dy];
  const [bx, by] = along ? [(x2 - x1) / 2, 0] : [0, (y2 - y1) / 2];
  const ends = edge.hidden ? ' stroke-dasharray="2 4"' : ' marker-end="url(#tip)"';
  return `<path d="M${x1} ${y1}C${x1 + bx} ${y1 + by} ${x2 - bx} ${y2 - by} ${x2} ${y2}" fill="none" stroke="${paint["--quiet"]}" stroke-width="1.5"${ends}/>`;
}

/** SVG text of a graph as openGraph's placed() gives it. */
export function graphSvg({ nodes, edges, paint }, title) {
  const at = new Map(nodes.map((node) => [node.id, node]));
  const [xs, ys] = [nodes.map((each) => each.x), nodes.map((each) => each.y)];
  const [left, top] = [Math.min(...xs) - CARD.width / 2 - 16, Math.min(...ys) - CARD.height / 2 - 16];
  const [wide, high] = [Math.max(...xs) - left + CARD.width / 2 + 16, Math.max(...ys) - top + CARD.height / 2 + 16];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${wide} ${high}" width="${wide}" height="${high}" font-family="${escape(FONT)}" font-size="12" fill="${paint["--ink"]}">
<title>${escape(title)}</title><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z" fill="${paint["--quiet"]}"/></marker></defs>
<rect x="${left}" y="${top}" width="${wide}" height="${high}" fill="${paint["--canvas"]}"/>
${edges.map((edge) => line(edge, at, paint)).join("\n")}
${nodes.map((node) => card(node, paint)).join("\n")}
</svg>
`;
}
