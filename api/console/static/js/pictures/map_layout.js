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
    .map((route) => ({
      ...route,
      path: curve(at.get(route.source), at.get(route.target)),
      width: 1 + 4 * Math.sqrt(route.mass_mg / most),
    }));
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

const LETTER = 12;
const LINE = 15;
const GAP = 9;
// Where a label may stand beside its dot, the best first: [anchor, right or left, down].
const STANDS = [
  ["start", GAP, 4], ["end", -GAP, 4], ["start", GAP, -8], ["end", -GAP, -8], ["start", GAP, 16], ["end", -GAP, 16],
  ["middle", 0, -12], ["middle", 0, 22],
];

/** The width of a text in pixels, about: letters of Chinese are as wide as they are high. */
const widthOf = (text) => [...text].reduce((sum, letter) => sum + LETTER * (letter > "\u2e80" ? 1 : 0.58), 0);

const boxOf = (x, y, anchor, width) => {
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, right: left + width, top: y - LINE + 3, low: y + 3 };
};
const meet = (one, other) =>
  one.left < other.right && other.left < one.right && one.top < other.low && other.top < one.low;

/**
 * Sites with the place of their names, {x, y, anchor, hidden}: in pixels from their dots, so that no name lies on
 * another name or a dot, or is cut off. A name that finds no place is hidden until its dot is pointed at.
 * `unit`: the map's units in a pixel.
 */
export function labelled(sites, view, unit) {
  const at = sites.map((site) => ({ x: (site.x - view.x) / unit, y: (site.y - view.y) / unit }));
  const taken = at.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, low: y + 6 }));
  const [wide, high] = [view.width / unit, view.width / unit / 2];
  const inside = ({ left, right, top, low }) => left >= 0 && right <= wide && top >= 0 && low <= high;
  return sites.map((site, place) => {
    const width = widthOf(site.name);
    for (const [anchor, x, y] of STANDS) {
      const box = boxOf(at[place].x + x, at[place].y + y, anchor, width);
      if (!inside(box) || taken.some((each, other) => other !== place && meet(box, each))) continue;
      taken.push(box);
      return { ...site, label: { anchor, x, y, hidden: false } };
    }
    const left = at[place].x > wide / 2;
    return { ...site, label: { anchor: left ? "end" : "start", x: left ? -GAP : GAP, y: 4, hidden: true } };
  });
}
