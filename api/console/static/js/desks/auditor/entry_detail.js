// One entry in full: its bytes, what it commits to, and its proof, all checked here.
import { Problem, get, getBytes, getText } from "../../core/api.js";
import { fromBase64, fromUtf8, sha256, toBase64, toBase64url, utf8 } from "../../core/bytes.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/html.js";
import { t, term } from "../../core/i18n.js";
import { session } from "../../core/session.js";
import { Badge, Copyable, Facts, Failure, Loaded, Mass, PartyName, Section, SiteName, ThingLink, Time, saveFile, useLoad } from "../../core/ui.js";
import { openCheckpoint } from "../../proof/checkpoint.js";
import { parseEntry } from "../../proof/entry.js";
import { leafHash, verifyInclusion } from "../../proof/merkle.js";
import { ProofPath } from "../../proof/path_view.js";
import { EntryFacts, whyRefused } from "../../proof/receipt_view.js";
import { writeReceipt } from "../../proof/receipt.js";
import { Refused } from "../../proof/refused.js";
import { isSignedBy, splitStatement } from "../../proof/statement.js";
import { verifiersFor } from "../../proof/trust.js";
import { Attachments } from "./attachments.js";

async function readEntry(index, signal) {
  const { entries } = await get("/v1/log/entries", { start: index, end: index + 1 }, { signal });
  if (!entries.length) return null;
  const bytes = utf8(entries[0].entry);
  try {
    const entry = parseEntry(bytes);
    return { bytes, leaf: await leafHash(bytes), entry, error: entry.index === index ? null : new Refused("entry.index", "other_index", { index: entry.index, proved: index }) };
  } catch (error) {
    return { bytes, leaf: await leafHash(bytes), entry: null, error };
  }
}

/** The entry at an index, with everything about it that the reader may see. */
export function EntryDetail({ index }) {
  const found = useLoad((signal) => readEntry(index, signal), [index]);
  const tools = html`${index > 0 && html`<a href=${`/console/entries?index=${index - 1}`}>← #${count(index - 1)}</a>`} <a href=${`/console/entries?index=${index + 1}`}>#${count(index + 1)} →</a>`;
  return html`<${Section} title=${t("auditor.entry.title", { index: count(index) })} tools=${tools} id="entry">
    <${Loaded} from=${found} empty=${(value) => value === null} emptyText=${t("auditor.entry.none", { index: count(index) })}>${({ bytes, leaf, entry, error }) => html`
      ${error && html`<p class="notice bad" role="alert" data-broken=${index}>${t("auditor.entry.broken")} ${whyRefused(error)}</p>`}
      ${entry && html`<${EntryFacts} entry=${entry} />`}
      <h3>${t("auditor.entry.bytes")}</h3><pre class="payload" tabindex="0">${new TextDecoder().decode(bytes)}</pre>
      <p>${t("auditor.entry.leaf")} <${Copyable} text=${toBase64(leaf)}>${toBase64(leaf)}<//></p>
      ${entry && html`<${Statement} entry=${entry} /><${Summary} index=${index} />`}
      <h3>${t("auditor.prove.title")}</h3><${Prove} index=${index} bytes=${bytes} leaf=${leaf} />`}<//>
  <//>`;
}

/** The statement as far as it may be read, its hash and its signature checked here. */
async function readStatement(entry, signal) {
  let jws;
  try {
    jws = await getText(`/v1/statements/${entry.statement}`, undefined, { signal, accept: "application/jose" });
  } catch (error) {
    if (error instanceof Problem && [401, 403, 404, 410].includes(error.status)) return { withheld: error };
    throw error;
  }
  const parts = splitStatement(jws);
  const key = await get(`/v1/keys/${encodeURIComponent(parts.header.kid)}`, undefined, { signal }).catch(() => null);
  return {
    jws,
    parts,
    key,
    hashed: toBase64url(await sha256(utf8(jws))) === entry.statement,
    signed: key !== null && (await isSignedBy(parts, key.jwk)),
  };
}

function Statement({ entry }) {
  const read = useLoad((signal) => readStatement(entry, signal), [entry.statement]);
  return html`<h3>${t("auditor.statement.title")}</h3><${Loaded} from=${read}>${({ withheld, jws, parts, key, hashed, signed }) =>
    withheld
      ? html`<p class="quiet">${t(withheld.status === 410 ? "auditor.statement.erased" : withheld.status === 404 ? "auditor.statement.unknown" : "auditor.statement.private")}</p>`
      : html`<${Facts} rows=${[
            [t("auditor.statement.hash"), html`<${Verdict} ok=${hashed} good="auditor.statement.hash.good" bad="auditor.statement.hash.bad" />`],
            [t("auditor.statement.signature"), html`<${Verdict} ok=${signed} good="auditor.statement.signature.good" bad="auditor.statement.signature.bad" />`],
            key && [t("auditor.statement.by"), html`<${PartyName} id=${key.party} />`],
            [t("auditor.statement.signed_at"), html`<${Time} at=${new Date(parts.header.iat * 1000).toISOString()} />`],
          ]} />
          <details open><summary>${t("auditor.statement.payload")}</summary><pre class="payload" tabindex="0">${JSON.stringify(parts.payload, null, 2)}</pre></details>
          <details><summary>${t("auditor.statement.header")}</summary><pre class="payload" tabindex="0">${JSON.stringify(parts.header, null, 2)}</pre></details>
          <p><button type="button" class="plain" onClick=${() => saveFile(`${entry.index}.jws`, jws, "application/jose")}>${t("auditor.statement.save")}</button></p>`}<//>`;
}

const Verdict = ({ ok, good, bad }) => html`<${Badge} tone=${ok ? "good" : "bad"}>${t(ok ? "proof.state.ok" : "proof.state.failed")}<//> ${t(ok ? good : bad)}`;

/** What the ledger made of the statement, where it says so to this reader. */
function Summary({ index }) {
  const read = useLoad((signal) => get(`/v1/entries/${index}`, undefined, { signal }).catch(() => null), [index]);
  const { act = null, issuer, movements = [], attachments = [] } = read.value ?? {};
  if (!act && !movements.length) return null;
  return html`<h3>${t("auditor.summary.title")}</h3><${Facts} rows=${[
    act && [t("auditor.summary.act"), html`<code>${act}</code>`],
    ...movements.map((movement) => [term("movement", movement.kind), html`<${Movement} ...${movement} />`]),
  ]} /><${Attachments} attachments=${attachments} mine=${issuer === session.get()?.party} onStored=${read.reload} />`;
}

/** When and where it happened, and how much of which lot moved: out of a holding with a minus. */
const Movement = ({ event_time: at, site, lines }) => html`<${Time} at=${at} />${site && html` · <${SiteName} id=${site} />`}
  ${lines.filter((line) => line.lot && line.account === "holding").map((line, place) => html`<div key=${place}><${ThingLink} id=${line.lot} /> <${Mass} mg=${line.mass_mg} /></div>`)}`;

/** Fetches the proof and verifies it against the head that the log signed. */
async function prove(index, leaf) {
  const verifiers = await verifiersFor(await get("/v1/log"));
  const note = await getBytes("/checkpoint");
  const { size, root } = await openCheckpoint(note, verifiers[0].name, verifiers);
  const { hashes } = await get("/v1/log/proof/inclusion", { index, size });
  const path = hashes.map(fromBase64);
  const steps = await verifyInclusion(leaf, index, size, path, root);
  return { steps, path, note: fromUtf8(note), size: Number(size), root };
}

function Prove({ index, bytes, leaf }) {
  const [state, setState] = useState({});
  const run = () => {
    setState({ busy: true });
    prove(index, leaf).then((proof) => setState({ proof }), (error) => setState({ error }));
  };
  const { proof, error, busy } = state;
  const save = () => saveFile(`${index}.receipt`, writeReceipt({ entryBytes: bytes, index, ...proof }));
  return html`<div id="prove" data-proved=${proof ? "ok" : error ? "broken" : null}>
    ${!proof && html`<p class="quiet">${t("auditor.prove.what")}</p><button type="button" aria-busy=${busy ? "true" : null} onClick=${run}>${t("auditor.prove.do")}</button>`}
    ${error && (error instanceof Refused ? html`<p class="notice bad" role="alert"><strong>${t("auditor.prove.bad", { index: count(index) })}</strong> ${whyRefused(error)}</p>` : html`<${Failure} error=${error} />`)}
    ${proof && html`<p class="notice good" role="status"><strong>${t("auditor.prove.good", { index: count(index), size: count(proof.size) })}</strong> ${t("auditor.prove.good.why")}</p>
      <${ProofPath} leaf=${leaf} index=${index} ...${proof} />
      <p><button type="button" class="secondary" onClick=${save}>${t("auditor.prove.save")}</button></p>`}
  </div>`;
}
