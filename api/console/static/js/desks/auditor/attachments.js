// The files that a statement names: each may be uploaded, and read; its SHA-256 is compared here, either way.
import { getBytes, send } from "../../core/api.js";
import { sha256Of } from "../../core/bytes.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Badge, Copyable, Failure, Table, Time, saveFile } from "../../core/ui.js";

const pathOf = ({ sha256 }) => `/v1/attachments/${sha256}`;

/** `attachments` as an entry tells them; `mine`: the reader signed it; `onStored` is called once another one is in the store. */
export function Attachments({ attachments, mine, onStored }) {
  const [state, setState] = useState({});
  if (!attachments.length) return null;
  const attempt = (each, work) => {
    setState({ busy: each.sha256 });
    work(each).then((done) => setState({ done }), (error) => setState({ error }));
  };
  const read = async (each) => {
    const bytes = await getBytes(pathOf(each), undefined, { accept: "application/octet-stream" });
    if ((await sha256Of(bytes)) !== each.sha256) return { bad: "auditor.attachments.changed" };
    saveFile(`${each.role}-${each.sha256.slice(0, 8)}`, bytes, each.media_type);
    return { good: "auditor.attachments.right" };
  };
  const store = (file) => async (each) => {
    if ((await sha256Of(await file.arrayBuffer())) !== each.sha256) return { bad: "auditor.attachments.other" };
    await send("PUT", pathOf(each), { body: file, type: "application/octet-stream" });
    onStored();
    return { good: "auditor.attachments.stored" };
  };
  const { busy, done = {}, error } = state;
  const action = (each) =>
    each.stored_at
      ? html`<button type="button" class="plain" aria-busy=${busy === each.sha256 ? "true" : null} onClick=${() => attempt(each, read)}>${t("auditor.attachments.read")}</button>`
      : mine && html`<label class="file">${t("auditor.attachments.upload")}<input type="file" name="attachment" onChange=${(event) => event.target.files[0] && attempt(each, store(event.target.files[0]))} /></label>`;
  return html`<div id="attachments"><h3>${t("auditor.attachments.title")}</h3>
    <${Table} caption=${t("auditor.attachments.title")} rows=${attachments} rowKey=${(each) => `${each.position} ${each.sha256}`} columns=${[
      { key: "role", title: t("auditor.attachments.role") },
      { key: "media_type", title: t("auditor.attachments.media_type") },
      { key: "size", title: t("auditor.attachments.size"), numeric: true, cell: ({ size }) => count(size) },
      { key: "sha256", title: "SHA-256", cell: ({ sha256 }) => html`<${Copyable} text=${sha256}>${sha256.slice(0, 12)}…<//>` },
      { key: "stored_at", title: t("auditor.attachments.kept"), cell: ({ stored_at: at }) => (at ? html`<${Time} at=${at} />` : html`<${Badge}>${t("auditor.attachments.missing")}<//>`) },
      { key: "action", title: "", cell: action },
    ]} />
    ${error && html`<${Failure} error=${error} />`}
    ${done.good && html`<p class="notice good" role="status">${t(done.good)}</p>`}
    ${done.bad && html`<p class="notice bad" role="alert">${t(done.bad)}</p>`}
    <p class="quiet">${t("auditor.attachments.what")}</p></div>`;
}
