// A key file, opened in this browser: chosen or dropped, with its passphrase where it has one.
import { html, useRef, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { decrypt, readKeyFile } from "../../core/key_file.js";
import { importPkcs8 } from "../../core/keys.js";
import { Failure, Section } from "../../core/ui.js";

const MOST_BYTES = 16_384;

/** Asks for a key file; `onKey` gets the key once the browser keeps it. */
export function KeyFile({ onKey }) {
  const [state, setState] = useState({});
  const [over, setOver] = useState(false);
  const take = async (der) => onKey(await importPkcs8(der));
  const open = async (file) => {
    if (!file) return;
    try {
      const read = readKeyFile(file.size > MOST_BYTES ? "" : await file.text());
      if (read.der) await take(read.der);
      else setState({ name: file.name, encrypted: read.encrypted });
    } catch (error) {
      setState({ error });
    }
  };
  const unlock = async (passphrase) => {
    setState({ ...state, busy: true, error: null });
    try {
      await take(await decrypt(state.encrypted, passphrase));
    } catch (error) {
      setState({ ...state, busy: false, error });
    }
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    open(event.dataTransfer.files[0]);
  };
  return html`<${Section} title=${t("session.file.title")}>
    <p>${t("session.file.text")}</p>
    <div class=${`drop-zone ${over ? "over" : ""}`} onDragOver=${(event) => (event.preventDefault(), setOver(true))} onDragLeave=${() => setOver(false)} onDrop=${drop}>
      <label>${t("session.file.choose")}<input type="file" accept=".pem,.key,.p8,.txt" onChange=${(event) => open(event.target.files[0])} /></label>
      <p class="hint">${t("session.file.drop")}</p>
    </div>
    ${state.encrypted && html`<${Passphrase} name=${state.name} busy=${state.busy} onGiven=${unlock} />`}
    ${state.error && html`<${Failure} error=${state.error} />`}
  <//>`;
}

function Passphrase({ name, busy, onGiven }) {
  const field = useRef(null);
  const submit = (event) => {
    event.preventDefault();
    onGiven(field.current.value);
  };
  return html`<form onSubmit=${submit}>
    <label>${t("session.file.passphrase", { name })}<input ref=${field} type="password" autocomplete="off" required autofocus /></label>
    <button type="submit" aria-busy=${busy ? "true" : null} disabled=${busy}>${t("session.file.unlock")}</button>
  </form>`;
}
