// What only pictures need, fetched when the first one is drawn.
const base = () => document.body.dataset.assets;
const loaded = new Map();

/** A library that is a plain script (d3's modules, topojson): once, in this order. */
export async function scripts(...paths) {
  for (const path of paths) {
    if (!loaded.has(path)) {
      loaded.set(
        path,
        new Promise((resolve, reject) => {
          const made = Object.assign(document.createElement("script"), { src: `${base()}/${path}` });
          made.onload = () => resolve();
          made.onerror = () => {
            loaded.delete(path);
            made.remove();
            reject(new Error(`${path} did not load`));
          };
          document.head.append(made);
        }),
      );
    }
    await loaded.get(path);
  }
}

// The graph library adds a style element of its own unless the page has one of this id, which the policy forbids.
const STYLES = "__________cytoscape_stylesheet";

/** The pictures' own styles. */
export function styles() {
  if (document.getElementById(STYLES)) return;
  document.head.append(
    Object.assign(document.createElement("link"), { id: STYLES, rel: "stylesheet", href: `${base()}/css/pictures.css` }),
  );
}

/** A file beside the page, as JSON. */
export function data(path) {
  if (!loaded.has(path)) {
    const asked = fetch(`${base()}/${path}`).then((response) => {
      if (!response.ok) throw new Error(`${path} did not load`);
      return response.json();
    });
    asked.catch(() => loaded.delete(path));
    loaded.set(path, asked);
  }
  return loaded.get(path);
}
