// Where sites and routes stand on the map.

/** Width and height of the whole world in the map's own units. */
export const WORLD = { width: 960, height: 480 };

/** A position of a site: {at: [longitude, latitude], stated} or null where nothing is known of it. */
export function positionOf(site, middles) {
  const { latitude, longitude, country } = site;
  if (latitude !== null && latitude !== undefined && longitude !== null && longitude !== undefined) {
    return { at: [Number(longitude), Number(latitude)], stated: true };
  }
  const middle = middles[country];
  return middle ? { at: middle, stated: false } : null;
}

/** Sites that are only known by country stand in a ring around its middle, so that none hides another. */
function ringed(placed) {
  const crowds = new Map();
  for (const each of placed.filter(({ stated }) => !stated)) {
    crowds.set(each.country, [...(crowds.get(each.country) ?? []), each]);
  }
  for (const crowd of crowds.values()) {
    if (crowd.length === 1) continue;
    const radius = Math.min(14, 4 + crowd.length);
    crowd.forEach((each, at) => {
      const angle = (2 * Math.PI * at) / crowd.length - Math.PI / 2;
      each.x += radius * Math.cos(angle);
      each.y += radius * Math.sin(angle);
      each.left = Math.cos(angle) < -0.01;
    });
  }
}

/** The map of an answer: {land, sites (with x, y, stated), routes (with path, width), lost}. Needs d3-geo loaded. */
export function mapped({ sites, routes }, land, middles) {
  const projection = globalThis.d3.geoEquirectangular().fitSize([WORLD.width, WORLD.height], { type: "Sphere" });
  const placed = [];
  const lost = [];
  for (const site of sites) {
    const position = positionOf(site, middles);
    if (!position) lost.push(site);
    else {
      const [x, y] = projection(position.at);
      placed.push({ ...site, x, y, stated: position.stated });
    }
  }
  ringed(placed);
  const at = new Map(placed.map((site) => [site.id, site]));
  const most = Math.max(1, ...routes.map((each) => each.mass_mg));
  const drawn = routes
    .filter(({ source, target }) => at.has(source) && at.has(target) && source !== target)
    .map((route) => ({ ...route, path: curve(at.get(route.source), at.get(route.target)), width: 1 + 4 * Math.sqrt(route.mass_mg / most) }));
  return { land: globalThis.d3.geoPath(projection)(land), sites: placed, routes: drawn, lost };
}

/** A bowed line from one site to another, so that a way and its way back stand apart. */
function curve(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const bow = 0.16;
  return `M${from.x} ${from.y}Q${(from.x + to.x) / 2 - dy * bow} ${(from.y + to.y) / 2 + dx * bow} ${to.x} ${to.y}`;
}

/** The part of the world that holds these sites: {x, y, width}, with room around them. */
export function around(sites) {
  if (!sites.length) return { x: 0, y: 0, width: WORLD.width };
  const [xs, ys] = [sites.map(({ x }) => x), sites.map(({ y }) => y)];
  const [left, right, top, low] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const width = Math.min(WORLD.width, Math.max(120, (right - left) * 1.35 + 40, ((low - top) * 1.35 + 40) * 2));
  return within({ x: (left + right) / 2 - width / 2, y: (top + low) / 2 - width / 4, width });
}

/** The same view, kept on the world. */
export function within({ x, y, width }) {
  const wide = Math.min(WORLD.width, Math.max(12, width));
  return {
    x: Math.min(WORLD.width - wide, Math.max(0, x)),
    y: Math.min(WORLD.height - wide / 2, Math.max(0, y)),
    width: wide,
  };
}
