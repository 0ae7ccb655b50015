// A receipt verified in this browser, step by step; once the page is there, nothing is asked of any server.
import { get } from "../../core/api.js";
import { fromBase64url, fromUtf8, sha256, utf8 } from "../../core/bytes.js";
import { html, useEffect, useState } from "../../core/html.js";
import { t } from "../../core/i18n.js";
import { Failure, Loaded, Page, Section, useLoad } from "../../core/ui.js";
import { parseVkey } from "../../proof/note.js";
import { checkReceipt } from "../../proof/receipt.js";
import { ReceiptResult } from "../../proof/receipt_view.js";
import { everyLog, meetLog } from "../../proof/trust.js";
import { TrustPanel } from "../../proof/trust_view.js";
import { readBundle } from "../../pictures/bundle.js";
import { BundleResult } from "../../pictures/bundle_view.js";

export const areas = ["proof"];

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** A receipt as bytes and its statement, from what people have: the text, or the ledger's answer as JSON. */
export function readPasted(receipt, statement) {
  let answer = {};
  try {
    answer = JSON.parse(receipt);
  } catch {
    // A receipt by itself is no JSON.
  }
  const text = typeof answer?.receipt === "string" ? answer.receipt : receipt;
  // Line ends and the last newline suffer in transit through mails and forms; the signed bytes have plain ones.
  const mended = text.replaceAll("\r\n", "\n").replace(/^\s+/, "").replace(/\s*$/, "\n");
  return { bytes: utf8(mended), jws: (statement.trim() || answer?.jws || "").trim() };
}

/** Which of the kept logs a receipt claims to be from; only verifying says whether it is. */
function claimedBy(bytes, logs, served) {
  const after = new TextDecoder("latin1").decode(bytes).split("\n\n")[1] ?? "";
  return logs.find(({ origin }) => origin === after.split("\n")[0]) ?? logs.find(({ origin }) => origin === served.origin);
}

export default function Verify() {
  const [pasted, setPasted] = useState({ receipt: "", statement: "" });
  const [result, setResult] = useState(null);
  const trust = useLoad(async (signal) => {
    const served = await get("/v1/log", undefined, { signal });
    return { served, met: await meetLog(served), logs: await everyLog() };
  });
  useEffect(() => {
    let wanted = true;
    if (!trust.value || !pasted.receipt.trim()) setResult(null);
    else verify(pasted, trust.value).then((found) => wanted && setResult(found), (error) => wanted && setResult({ error }));
    return () => (wanted = false);
  }, [pasted, trust.value]);
  return html`<${Page} title=${t("proof.verify.title")} lead=${t("proof.verify.lead")}>
    <${Loaded} from=${trust}>${({ served, met }) => html`
      <${Section} title=${t("proof.verify.what")} id="given">
        <${Field} name="receipt" rows=${8} value=${pasted.receipt} onChange=${(receipt) => setPasted({ ...pasted, receipt })} />
        <${Field} name="statement" rows=${3} value=${pasted.statement} onChange=${(statement) => setPasted({ ...pasted, statement })} />
      <//>
      ${result && html`<${Section} title=${t("proof.verify.result")} id="result"><${Result} result=${result} /><//>`}
      <${TrustPanel} met=${met} served=${served} onChange=${trust.reload} />`}<//>
  <//>`;
}

async function verify({ receipt, statement }, { served, logs }) {
  const bundle = readBundle(receipt);
  if (bundle) {
    const log = logs.find(({ origin }) => origin === bundle.origin);
    return log ? { bundle, log } : { noKey: true };
  }
  const { bytes, jws } = readPasted(receipt, statement);
  if (jws && !COMPACT.test(jws)) return { notSigned: true };
  const log = claimedBy(bytes, logs, served);
  if (!log) return { noKey: true };
  const statementHash = jws ? await sha256(utf8(jws)) : null;
  const checked = await checkReceipt(bytes, { statementHash, origin: log.origin, verifiers: [await parseVkey(log.vkey)] });
  return { ...checked, log, payload: checked.ok && jws ? payloadOf(jws) : null };
}

function payloadOf(jws) {
  try {
    const text = fromUtf8(fromBase64url(jws.split(".")[1]));
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

function Result({ result }) {
  if (result.error) return html`<${Failure} error=${result.error} />`;
  if (result.notSigned || result.noKey) return html`<p class="notice warn" role="alert">${t(result.notSigned ? "proof.verify.not_signed" : "proof.verify.no_key")}</p>`;
  if (result.bundle) return html`<p class="quiet">${t("proof.verify.against", { name: result.log.origin })}</p><${BundleResult} bundle=${result.bundle} log=${result.log} />`;
  return html`<p class="quiet">${t("proof.verify.against", { name: result.log.origin })}</p>
    <${ReceiptResult} result=${result} />
    ${result.payload && html`<h3>${t("proof.verify.payload")}</h3><pre class="payload" tabindex="0">${result.payload}</pre>`}`;
}

/** A text that can be pasted, opened or dropped. */
function Field({ name, rows, value, onChange }) {
  const [over, setOver] = useState(false);
  const take = async (files) => {
    if (files[0]) onChange(await files[0].text());
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const drag = (event) => {
    event.preventDefault();
    setOver(true);
  };
  return html`<div class=${`drop ${over ? "over" : ""}`} onDragOver=${drag} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <label for=${name}>${t(`proof.verify.${name}`)}</label>
    <textarea id=${name} rows=${rows} spellcheck="false" value=${value} placeholder=${t(`proof.verify.${name}.hint`)} onInput=${(event) => onChange(event.target.value)}></textarea>
    <label class="file">${t("proof.verify.open")}<input type="file" onChange=${(event) => take(event.target.files)} /></label>
  </div>`;
}
