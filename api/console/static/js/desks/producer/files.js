// The files that a movement names: chosen before it is signed, uploaded once it is recorded.
import { send } from "../../core/api.js";
import { sha256Of } from "../../core/bytes.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { Failure, Section } from "../../core/ui.js";

const ROLES = ["weighbridge-ticket", "assay", "contract", "invoice", "other"];

/** Chooses files: `form.files` are {file, role, media_type, size, sha256}. */
export function FilesPart({ form, set, locked }) {
  const files = form.files ?? [];
  const take = async (chosen) => {
    const taken = await Promise.all(
      [...chosen].map(async (file) => ({ file, role: ROLES[0], media_type: file.type || "application/octet-stream", size: file.size, sha256: await sha256Of(await file.arrayBuffer()) })),
    );
    const known = new Set(files.map((each) => each.sha256));
    set({ files: [...files, ...taken.filter((each) => !known.has(each.sha256) && known.add(each.sha256))] });
  };
  const change = (at, role) => set({ files: files.map((each, place) => (place === at ? { ...each, role } : each)) });
  return html`<${Section} title=${t("producer.files")}><p class="quiet">${t("producer.files_what")}</p>
    ${files.map(
      (each, at) => html`<p key=${each.sha256} class="papers" data-file=${each.sha256}><select aria-label=${t("producer.files_role")} value=${each.role} disabled=${locked} onChange=${(event) => change(at, event.target.value)}>
        ${ROLES.map((role) => html`<option key=${role} value=${role}>${term("attachment_role", role)}</option>`)}</select>
        <span>${each.file.name}</span> <span class="quiet">${t("producer.files_bytes", { n: count(each.size) })}</span>
        <button type="button" class="plain small" disabled=${locked} onClick=${() => set({ files: files.filter((other) => other !== each) })}>${t("producer.files_remove")}</button></p>`,
    )}
    <label class="file">${t("producer.files_choose")}<input type="file" name="attachments" multiple disabled=${locked} onChange=${(event) => take(event.target.files)} /></label><//>`;
}

/** Uploads what a recorded movement names: [state, upload(files)]; give the state to Uploads. */
export function useUploads() {
  const [state, setState] = useState(null);
  const upload = async (files = []) => {
    if (!files.length) return;
    setState({ left: files.length });
    try {
      for (const { file, sha256 } of files) await send("PUT", `/v1/attachments/${sha256}`, { body: file, type: "application/octet-stream" });
      setState({ left: 0 });
    } catch (error) {
      setState({ error, again: () => upload(files) });
    }
  };
  return [state, upload];
}

/** How far the uploading is. */
export function Uploads({ state }) {
  if (!state) return null;
  if (state.error) return html`<div id="uploads"><p class="notice bad" role="alert">${t("producer.files_failed")}</p><${Failure} error=${state.error} retry=${state.again} /></div>`;
  return html`<p id="uploads" class="notice ${state.left ? "" : "good"}" role="status">${t(state.left ? "producer.files_sending" : "producer.files_sent")}</p>`;
}
