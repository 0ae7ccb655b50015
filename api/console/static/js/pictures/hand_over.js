// Hands a picture to somebody who does not trust this server: a file that proves its records by itself.
import { count } from "../core/format.js";
import { html, useRef, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Failure, Progress, saveFile } from "../core/ui.js";
import { checkBundle, makeBundle, MOST_RECORDS } from "./bundle.js";
import { wantedOf } from "./checks.js";
import { asked } from "./subject.js";

/** The tab that makes the file; what it holds is checked before it is saved. */
export function HandOver({ subject, settings, data }) {
  const [state, setState] = useState({});
  const control = useRef(null);
  const indices = [...wantedOf(data.steps).keys()];
  const most = Math.min(indices.length, MOST_RECORDS);
  const make = async () => {
    control.current = new AbortController();
    setState({ done: 0 });
    try {
      const query = { ...subject.query, direction: data.found.direction, ...asked(settings) };
      const picture = { query: Object.fromEntries(Object.entries(query).filter(([, value]) => value)), answer: data.found, indices };
      const bundle = await makeBundle(picture, (done) => setState({ done }), control.current.signal);
      const { records } = await checkBundle(bundle, { origin: bundle.origin, vkey: bundle.vkeys[0] });
      const broken = records.filter(({ ok }) => !ok);
      if (!broken.length) saveFile("picture.json", `${JSON.stringify(bundle, null, 1)}\n`, "application/json");
      setState({ saved: records.length, broken: broken.map(({ index }) => index), left: bundle.left_out });
    } catch (error) {
      setState(error.name === "AbortError" ? {} : { error });
    }
  };
  return html`<div class="picture hand-over">
    <p>${t("pictures.hand.what")}</p>
    <ul><li>${t("pictures.hand.proves")}</li><li>${t("pictures.hand.not")}</li><li>${t("pictures.hand.open")}</li></ul>
    ${most < indices.length && html`<p class="notice">${t("pictures.hand.most", { n: count(most), of: count(indices.length) })}</p>`}
    ${state.error && html`<${Failure} error=${state.error} retry=${make} />`}
    ${state.done !== undefined
      ? html`<${Progress} done=${state.done} of=${most} label=${t("pictures.hand.progress", { n: count(state.done), of: count(most) })} /><button type="button" class="secondary" onClick=${() => control.current.abort()}>${t("common.cancel")}</button>`
      : html`<button type="button" onClick=${make}>${t("pictures.hand.make", { n: count(most) })}</button>`}
    ${state.saved !== undefined && (state.broken.length
      ? html`<p class="notice bad" role="alert">${t("pictures.hand.broken", { list: state.broken.map((index) => `#${index}`).join(", ") })}</p>`
      : html`<p class="notice good" role="status">${t("pictures.hand.saved", { n: count(state.saved) })}</p>`)}
    <p class="quiet note">${t("pictures.hand.check")} <a href="/console/verify">${t("common.nav.verify")}</a></p>
  </div>`;
}
