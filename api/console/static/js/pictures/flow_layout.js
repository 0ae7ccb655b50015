// Where the nodes and ribbons of a picture of flows stand: d3-sankey, after what runs in circles was taken out.

/** Links without those that close a circle (a firm that gets back what it sold): {links, back}. */
export function withoutCircles(nodes, links) {
  const out = new Map(nodes.map(({ id }) => [id, []]));
  for (const link of links) out.get(link.source)?.push(link);
  const state = new Map();
  const back = new Set();
  for (const { id: root } of nodes) {
    if (state.has(root)) continue;
    state.set(root, "open");
    const way = [[root, 0]];
    while (way.length) {
      const last = way.at(-1);
      const link = out.get(last[0])[last[1]++];
      if (!link) {
        state.set(last[0], "done");
        way.pop();
      } else if (link.source === link.target || state.get(link.target) === "open") back.add(link);
      else if (!state.has(link.target)) {
        state.set(link.target, "open");
        way.push([link.target, 0]);
      }
    }
  }
  return { links: links.filter((link) => !back.has(link)), back: [...back] };
}

/** The flows placed in a box: nodes with x0, x1, y0, y1 and the room for their words, links with their path and width. Needs d3-sankey loaded. */
export function placed({ nodes, links }, width) {
  const known = new Set(nodes.map(({ id }) => id));
  const whole = links.filter(({ source, target, mass_mg }) => known.has(source) && known.has(target) && mass_mg > 0);
  const { links: straight, back } = withoutCircles(nodes, whole);
  const used = new Set(straight.flatMap(({ source, target }) => [source, target]));
  const room = Math.min(170, width / 5);
  const height = Math.max(220, Math.min(900, 80 + used.size * 42));
  const { sankey, sankeyJustify, sankeyLinkHorizontal } = globalThis.d3;
  const graph = sankey()
    .nodeId(({ id }) => id)
    .nodeAlign(sankeyJustify)
    .nodeWidth(14)
    .nodePadding(32)
    .extent([[1, 20], [width - room, height - 20]])({
      nodes: nodes.filter(({ id }) => used.has(id)).map((node) => ({ ...node })),
      links: straight.map((link) => ({ ...link, value: link.mass_mg })),
    });
  const layers = Math.max(1, ...graph.nodes.map((node) => node.layer));
  for (const node of graph.nodes) node.room = (node.layer === layers ? room : (width - room) / layers - 14) - 12;
  const path = sankeyLinkHorizontal();
  for (const link of graph.links) link.path = path(link);
  return { ...graph, back, height };
}
