// The graph on its canvas: cards with a mark for the stage, drawn by cytoscape, laid out by dagre.
import { badgesOf, CARD, FONT, TOKENS } from "./card.js";
import { colours, markOf } from "./colours.js";

const image = (path, colour) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path fill="${colour}" fill-rule="evenodd" d="${path}"/></svg>`)}`;

function look(paint, node) {
  const { path, token } = markOf(node.stage);
  const badges = badgesOf(node);
  const colour = node.type === "hidden" ? paint["--quiet"] : paint[token];
  return {
    label: node.lines.join("\n"),
    edge: node.tainted > 0 ? paint["--bad"] : colour,
    images: [image(path, colour), ...badges.map((each) => image(each.path, paint[each.token]))],
    x: ["10px", ...badges.map((_, at) => `${CARD.width - 22 - at * 22}px`)],
    y: ["19px", ...badges.map(() => "4px")],
    sizes: ["20px", ...badges.map(() => "16px")],
  };
}

/** What of a node is seen: the same face need not be drawn anew. */
const faceOf = ({ lines, proof, alerts, tainted }) => [...lines, proof, alerts, tainted].join("\n");

function sheet(paint) {
  return [
    { selector: "node", style: {
      shape: "round-rectangle", width: CARD.width, height: CARD.height, "background-color": paint["--surface"], "border-width": 1.5, "border-color": "data(edge)",
      label: "data(label)", "font-family": FONT, "font-size": 12, "line-height": 1.3, color: paint["--ink"], "text-wrap": "wrap", "text-max-width": CARD.width, "text-valign": "center",
      "text-halign": "right", "text-margin-x": CARD.left - CARD.width, "text-justification": "left", "background-image": "data(images)", "background-fit": "none", "background-clip": "none",
      "background-width": "data(sizes)", "background-height": "data(sizes)", "background-position-x": "data(x)", "background-position-y": "data(y)", "background-image-opacity": 1,
    } },
    { selector: "node[type = 'firm'], node[type = 'stage'], node[type = 'rest']", style: { "border-style": "double", "border-width": 5, "background-color": paint["--canvas"] } },
    { selector: "node[type = 'hidden']", style: { "border-style": "dashed", "background-color": paint["--canvas"], color: paint["--quiet"] } },
    { selector: "node[?start]", style: { "background-color": paint["--accent-soft"], "border-width": 3 } },
    { selector: "node:selected", style: { "outline-width": 3, "outline-color": paint["--accent"], "outline-offset": 2 } },
    { selector: "edge", style: {
      width: "data(width)", "line-color": paint["--quiet"], "target-arrow-color": paint["--quiet"], "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier", opacity: 0.75,
    } },
    { selector: "edge[?hidden]", style: { "line-style": "dotted", "target-arrow-shape": "none" } },
    { selector: "edge.near", style: { "line-color": paint["--accent"], "target-arrow-color": paint["--accent"], opacity: 1, "z-index": 9 } },
  ];
}

function elementsOf(paint, { nodes, edges }) {
  return {
    nodes: nodes.map((node) => ({ data: { id: node.id, type: node.type, start: node.depth === 0, ...look(paint, node) } })),
    edges: edges.map(({ id, source, target, count, hidden }) => ({ data: { id, source, target, hidden: Boolean(hidden), width: Math.min(6, 1.4 + Math.log2(count)) } })),
  };
}

/**
 * Opens a graph in an element.
 * @param {{onSelect: function(string|null), onOpen: function(string)}} told What a click and a double click tell.
 * @returns {Promise<object>} show(shown), select(id), fit(), zoom(factor), recolour(), png(), placed(), end().
 */
export async function openGraph(container, { onSelect, onOpen }) {
  const [{ default: cytoscape }, { default: dagre }] = await Promise.all([import("cytoscape"), import("cytoscape-dagre")]);
  cytoscape.use(dagre);
  let paint = colours(...TOKENS);
  let shown = { nodes: [], edges: [] };
  const cy = cytoscape({ container, style: sheet(paint), minZoom: 0.05, maxZoom: 2.5, boxSelectionEnabled: false, selectionType: "single", autoungrabify: false });
  cy.on("tap", (event) => onSelect(event.target === cy || event.target.isEdge() ? null : event.target.id()));
  cy.on("dbltap", "node", (event) => onOpen(event.target.id()));
  const fit = () => {
    cy.fit(undefined, 24);
    if (cy.zoom() > 1.15) cy.zoom({ level: 1.15, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } }).center();
  };
  const lay = (rankDir, many) => {
    const gaps = rankDir === "LR" ? { nodeSep: 18, rankSep: 60 } : { nodeSep: 26, rankSep: 34 };
    cy.layout({ name: "dagre", rankDir, ...gaps, edgeSep: 8, ranker: many ? "longest-path" : "network-simplex", animate: false, fit: false }).run();
    const { w, h } = cy.elements().boundingBox();
    return Math.min((cy.width() - 48) / w, (cy.height() - 48) / h);
  };
  /** Along or down, whichever can be read better; of many nodes only along, since the second try costs as much. */
  const arrange = (count) => {
    const many = count > 200;
    if (many) return lay("LR", many);
    const along = lay("LR", many);
    return along >= 1 || lay("TB", many) >= along ? undefined : lay("LR", many);
  };
  const renew = (next, repaint = false) => {
    const before = new Map(shown.nodes.map((node) => [node.id, faceOf(node)]));
    shown = next;
    cy.batch(() => {
      for (const node of next.nodes) {
        if (repaint || faceOf(node) !== before.get(node.id)) cy.getElementById(node.id).data(look(paint, node));
      }
    });
  };
  return {
    show(next) {
      const alike = next.nodes.length === shown.nodes.length && next.nodes.every(({ id }) => cy.getElementById(id).nonempty());
      if (alike && next.edges.length === shown.edges.length) return renew(next);
      shown = next;
      cy.batch(() => {
        cy.elements().remove();
        cy.add(elementsOf(paint, next));
      });
      arrange(next.nodes.length);
      return fit();
    },
    select(id) {
      cy.elements(":selected").unselect();
      cy.edges(".near").removeClass("near");
      const node = id ? cy.getElementById(id) : cy.collection();
      if (node.empty()) return;
      node.select();
      node.connectedEdges().addClass("near");
      const { x1, y1, x2, y2 } = node.renderedBoundingBox();
      if (x1 < 0 || y1 < 0 || x2 > cy.width() || y2 > cy.height()) cy.center(node);
    },
    fit,
    zoom: (factor) => cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } }),
    recolour() {
      paint = colours(...TOKENS);
      cy.style(sheet(paint));
      renew(shown, true);
    },
    resize: () => cy.resize(),
    png: () => cy.png({ full: true, scale: 2, bg: paint["--canvas"], output: "blob-promise" }),
    placed: () => ({ paint, nodes: shown.nodes.map((node) => ({ ...node, ...cy.getElementById(node.id).position() })), edges: shown.edges }),
    end: () => cy.destroy(),
  };
}
