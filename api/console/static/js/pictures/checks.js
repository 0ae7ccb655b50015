// The check of a picture's records in this browser, as it goes on.
import { count } from "../core/format.js";
import { html, useEffect, useMemo, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Badge } from "../core/ui.js";
import { checkEntries } from "./evidence.js";

const AT_FIRST = 100;
const TOLD_MS = 400;

/** Entry index -> the names that its statement must have, nearest first. */
export function wantedOf(steps) {
  const wanted = new Map();
  for (const step of [...steps].sort((one, other) => Math.abs(one.depth) - Math.abs(other.depth))) {
    if (wanted.has(step.index)) wanted.get(step.index).push(step.name);
    else wanted.set(step.index, [step.name]);
  }
  return wanted;
}

/** Checks the nearest entries at once, the others when asked: {found: Map of index to verdict, words: view}. */
export function useChecks(steps) {
  const wanted = useMemo(() => wantedOf(steps), [steps]);
  const [most, setMost] = useState(AT_FIRST);
  const [found, setFound] = useState(new Map());
  const [running, setRunning] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    setFound(new Map());
    setMost(AT_FIRST);
  }, [wanted]);
  useEffect(() => {
    const control = new AbortController();
    const missing = new Map([...wanted].slice(0, most).filter(([index]) => !found.has(index)));
    if (!missing.size) return undefined;
    const told = new Map();
    const show = () => setFound((before) => new Map([...before, ...told]));
    const timer = setInterval(show, TOLD_MS);
    setRunning(true);
    setFailed(false);
    checkEntries(missing, (index, verdict) => told.set(index, verdict), control.signal)
      .catch(() => control.signal.aborted || setFailed(true))
      .finally(() => {
        clearInterval(timer);
        if (control.signal.aborted) return;
        show();
        setRunning(false);
      });
    return () => {
      control.abort();
      clearInterval(timer);
    };
  }, [wanted, most]);
  const words = html`<${Words} found=${found} of=${wanted.size} running=${running} failed=${failed} onAll=${most < wanted.size ? () => setMost(Infinity) : null} />`;
  return { found, words };
}

function Words({ found, of, running, failed, onAll }) {
  const verdicts = [...found.values()];
  const good = verdicts.filter((each) => each.state === "good").length;
  const bad = [...found].filter(([, each]) => each.state === "bad").map(([index]) => index);
  const tone = bad.length ? "bad" : good === of && of > 0 ? "good" : "info";
  return html`<span class="checked" role="status" data-good=${good} data-bad=${bad.length} data-of=${of}>
    <${Badge} tone=${tone} title=${t("pictures.proof.meaning")}>${t("pictures.proof.here", { good: count(good), of: count(of) })}<//>
    ${bad.length > 0 && html` <${Badge} tone="bad">${t("pictures.proof.broken", { n: bad.length, list: bad.slice(0, 5).map((index) => `#${index}`).join(", ") })}<//>`}
    ${failed && html` <span class="quiet">${t("pictures.proof.failed")}</span>`}
  </span>
  ${onAll && !running && html`<button type="button" class="plain small" onClick=${onAll}>${t("pictures.proof.all", { n: count(of - found.size) })}</button>`}`;
}
