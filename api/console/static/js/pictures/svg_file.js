// Pictures drawn as SVG: their width on the page, and saved as files that look the same elsewhere.
import { useEffect, useState } from "../core/html.js";
import { saveFile } from "../core/ui.js";
import { colours } from "./colours.js";

/** The width in pixels that an element has on the page. */
export function useWidth(ref, least = 320) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(least, Math.floor(entry.contentRect.width))));
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return width;
}

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-size", "font-weight", "font-family", "text-anchor", "paint-order", "visibility"];

/** The SVG as text of its own: what the page's style sheets say stands in it. */
function textOf(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of KEPT) to[at].setAttribute(name, style.getPropertyValue(name));
    for (const name of ["style", "class", "tabindex"]) to[at].removeAttribute(name);
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", width);
  ground.setAttribute("height", height);
  ground.setAttribute("fill", colours("--surface")["--surface"]);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

/** Offers an SVG of the page as a file. */
export const saveSvg = (svg, name) => saveFile(`${name}.svg`, textOf(svg), "image/svg+xml");

/** Offers it as PNG, twice as fine as on the page. */
export async function savePng(svg, name) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(textOf(svg))}`;
  await image.decode();
  const { width, height } = svg.viewBox.baseVal;
  const canvas = Object.assign(document.createElement("canvas"), { width: width * 2, height: height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => saveFile(`${name}.png`, blob, "image/png"));
}
