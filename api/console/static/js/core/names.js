// What parties and sites are called, from the public registers; asked once for each.
import { get } from "./api.js";
import { language } from "./i18n.js";

const parties = new Map();
const sites = new Map();
let everySite;

async function ask(id, path) {
  try {
    return await get(path);
  } catch {
    return null;
  }
}

/** A party's register entry, or null. */
export function party(id) {
  if (!parties.has(id)) parties.set(id, ask(id, `/v1/parties/${encodeURIComponent(id)}`));
  return parties.get(id);
}

/** A party's legal name, or its id. */
export async function partyName(id) {
  return (await party(id))?.organisation?.legal_name ?? id;
}

/** The sites of a party (all where null), by id. */
export function sitesOf(owner) {
  if (!sites.has(owner)) {
    sites.set(
      owner,
      (async () => {
        const found = [];
        let page = await get("/v1/sites", { party: owner, limit: 1000 });
        for (;;) {
          found.push(...page.sites);
          if (!page.next) return found;
          page = await get(page.next);
        }
      })(),
    );
  }
  return sites.get(owner);
}

/** A site's name, or its id. */
export async function siteName(id) {
  everySite ??= sitesOf(null).then((list) => new Map(list.map((site) => [site.id, site])));
  return (await everySite).get(id)?.description?.name ?? id;
}

/** A site's register entry, or undefined. */
export async function siteOf(id) {
  await siteName(id);
  return (await everySite).get(id);
}

let everyProduct;

/** What a product of the catalogue is called in the language in force, or its code. */
export async function productName(code) {
  everyProduct ??= get("/v1/products").then(({ products }) => new Map(products.map((each) => [each.code, each])));
  const found = (await everyProduct.catch(() => new Map())).get(code);
  return found ? (language.get() === "zh" && found.name_zh) || found.name_en : code;
}
