// Words of a node: on its card, in the list, for those who listen.
import { count, mass, shortId } from "../core/format.js";
import { useEffect, useState } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { partyName, productName } from "../core/names.js";
import { CARD, FONT } from "./card.js";

const measure = (() => {
  let context;
  return (text) => {
    context ??= document.createElement("canvas").getContext("2d");
    context.font = `12px ${FONT}`;
    return context.measureText(text).width;
  };
})();

/** The text cut to a width in pixels. */
export function cut(text, width) {
  if (measure(text) <= width) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (measure(`${text.slice(0, middle)}…`) <= width) least = middle;
    else most = middle - 1;
  }
  return `${text.slice(0, least)}…`;
}

/** The names that these nodes need: {product: Map, party: Map}; ids until they are there. */
export function useNames(nodes) {
  const [names, setNames] = useState({ product: new Map(), party: new Map() });
  const products = new Set(nodes.map((each) => each.step?.product).filter(Boolean));
  const parties = new Set(nodes.map((each) => each.step?.party ?? each.party).filter(Boolean));
  useEffect(() => {
    let current = true;
    const ask = async (ids, name) => new Map(await Promise.all([...ids].map(async (id) => [id, await name(id)])));
    Promise.all([ask(products, productName), ask(parties, partyName)]).then(
      ([product, party]) => current && setNames({ product, party }),
    );
    return () => (current = false);
  }, [[...products].join(), [...parties].join()]);
  return names;
}

const named = (names, kind, id) => names[kind].get(id) ?? shortId(id);

/** What a node is called in full: [what, which, how much]. */
export function wordsOf(node, names) {
  const { type, step } = node;
  if (type === "hidden") return [term("stage", node.stage), t("pictures.graph.hidden", { n: node.count }), ""];
  if (type === "step" && step.kind === "pool") {
    return [t("pictures.graph.pool", { n: count(step.version) }), shortId(step.name), named(names, "party", step.party)];
  }
  if (type === "step") {
    return [named(names, "product", step.product), shortId(step.name), `${mass(step.mass_mg)} · ${named(names, "party", step.party)}`];
  }
  const things = t(node.stage === "pool" ? "pictures.graph.versions" : "pictures.graph.lots", { n: node.count, count: count(node.count) });
  const heavy = node.mass_mg > 0 ? mass(node.mass_mg) : "";
  if (type === "stage") return [term("stage", node.stage), `${things} · ${t("pictures.graph.firms", { n: node.firms })}`, heavy];
  const firm = named(names, "party", node.party);
  return type === "rest" ? [t("pictures.graph.more", { things }), firm, heavy] : [`${term("stage", node.stage)} · ${things}`, firm, heavy];
}

/** The lines on a card; the first leaves room for its marks. */
export function linesOf(words, marks) {
  return words.map((line, at) => cut(line, CARD.width - CARD.left - 12 - (at === 0 ? marks * 22 : 0)));
}
