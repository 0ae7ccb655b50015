// Where it came from and where it went, as a graph; with the same nodes as a list for keys and listeners.
import { count } from "../core/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { t, term } from "../core/i18n.js";
import { saveFile } from "../core/ui.js";
import { badgesOf } from "./card.js";
import { markOf, onScheme } from "./colours.js";
import { folded, foldedUp, hiddenMarks, levelOf, MOST, opened } from "./graph_model.js";
import { graphSvg } from "./graph_svg.js";
import { openGraph } from "./graph_view.js";
import { linesOf, useNames, wordsOf } from "./labels.js";
import { NodeDetails } from "./node_details.js";

const UNTOUCHED = { open: new Map(), shown: new Map() };

/** The proof of a node's records: "good" once each was checked here, "bad" where one failed, else "". */
function proofOf({ indices }, checks) {
  const found = indices.map((index) => checks?.get(index)?.state);
  if (found.includes("bad")) return "bad";
  return found.length && found.every((each) => each === "good") ? "good" : "";
}

function useShown(data, alerts, checks) {
  const [turns, setTurns] = useState(UNTOUCHED);
  useEffect(() => setTurns(UNTOUCHED), [data]);
  const model = useMemo(
    () => hiddenMarks(data.hidden, folded(data.steps, data.edges, { ...turns, alerts })),
    [data, turns, alerts],
  );
  const names = useNames(model.nodes);
  const shown = useMemo(() => {
    const nodes = model.nodes.map((node) => {
      const told = {
        ...node,
        tainted: node.tainted ?? (node.step && node.step.tainted_by !== null ? 1 : 0),
        alerts: node.alerts ?? (node.step ? (alerts.get(node.step.name)?.length ?? 0) : 0),
        proof: proofOf(node, checks),
        words: wordsOf(node, names).filter(Boolean),
      };
      return { ...told, lines: linesOf(told.words, badgesOf(told).length) };
    });
    return { nodes, edges: model.edges };
  }, [model, names, checks]);
  const open = (node) => setTurns((before) => opened(node, before));
  const fold = (group) => setTurns((before) => foldedUp(group, before));
  return { shown, open, fold, touched: turns !== UNTOUCHED, reset: () => setTurns(UNTOUCHED) };
}

/** Draws the nodes on a canvas; `view` holds what openGraph gave. */
function Canvas({ shown, selected, onSelect, onOpen, label, view }) {
  const holder = useRef(null);
  const told = useRef({});
  told.current = { onSelect, onOpen, shown, selected };
  const [failed, setFailed] = useState(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let current = true;
    const onWheel = (event) => event.ctrlKey || event.metaKey || event.stopPropagation();
    const outer = holder.current.parentElement;
    outer.addEventListener("wheel", onWheel, { capture: true });
    const ends = [() => outer.removeEventListener("wheel", onWheel, { capture: true })];
    openGraph(holder.current, { onSelect: (id) => told.current.onSelect(id), onOpen: (id) => told.current.onOpen(id) }).then(
      (graph) => {
        if (!current) return graph.end();
        view.current = graph;
        ends.push(onScheme(() => graph.recolour()), () => graph.end());
        return setReady(true);
      },
      (error) => current && setFailed(error),
    );
    return () => {
      current = false;
      view.current = null;
      ends.forEach((end) => end());
    };
  }, []);
  useEffect(() => {
    if (ready) view.current.show(shown);
  }, [ready, shown]);
  useEffect(() => {
    if (ready) view.current.select(selected);
  }, [ready, selected, shown]);
  return html`<div class="graph-frame">
    ${failed ? html`<p class="empty">${t("pictures.graph.failed")}</p>` : !ready && html`<p class="loading graph-wait" role="status">${t("common.loading")}</p>`}
    <div class="graph-canvas" ref=${holder} role="img" aria-label=${label} data-drawn=${ready ? shown.nodes.length : null}></div>
  </div>`;
}

function Mark({ path, token, label }) {
  return html`<svg viewBox="0 0 24 24" class="mark-icon" role=${label ? "img" : null} aria-label=${label} aria-hidden=${label ? null : "true"}><path d=${path} fill-rule="evenodd" style=${{ fill: `var(${token})` }} /></svg>`;
}

/** The nodes as a list: arrows move, Enter selects, a second Enter opens a folded one. */
function List({ nodes, selected, onSelect, onOpen }) {
  const list = useRef(null);
  const at = Math.max(0, nodes.findIndex((each) => each.id === selected));
  const move = (event) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = nodes[Math.min(nodes.length - 1, Math.max(0, to))];
    onSelect(next.id);
    const shown = [...list.current.querySelectorAll("button")].find((each) => each.dataset.node === next.id);
    shown?.focus();
  };
  return html`<ul class="graph-list" ref=${list} onKeyDown=${move} aria-label=${t("pictures.graph.list")}>${nodes.map((node, place) => html`<li key=${node.id}>
    <button type="button" class="plain" data-node=${node.id} data-proof=${node.proof || null} tabindex=${place === at ? 0 : -1} aria-pressed=${node.id === selected ? "true" : "false"}
      onClick=${() => (node.id === selected ? onOpen(node.id) : onSelect(node.id))}>
      <${Mark} ...${markOf(node.stage)} />
      <span class="graph-words"><strong>${node.words[0]}</strong>${node.words.slice(1).map((line) => html`<span key=${line}>${line}</span>`)}</span>
      <span class="graph-badges">${badgesOf(node).map((each) => html`<${Mark} key=${each.kind} path=${each.path} token=${each.token} label=${t(`pictures.badge.${each.kind}`)} />`)}</span>
    </button></li>`)}</ul>`;
}

function Legend({ nodes }) {
  const stages = [...new Set(nodes.map((each) => each.stage))];
  return html`<ul class="legend" aria-label=${t("pictures.legend")}>${stages.map((stage) => html`<li key=${stage}><${Mark} ...${markOf(stage)} />${term("stage", stage)}</li>`)}</ul>`;
}

function Tools({ view, title, touched, reset }) {
  const save = async (kind) => {
    const graph = view.current;
    if (!graph) return;
    if (kind === "png") saveFile("provenance.png", await graph.png(), "image/png");
    else saveFile("provenance.svg", graphSvg(graph.placed(), title), "image/svg+xml");
  };
  return html`<div class="tools picture-tools">
    <button type="button" class="plain" onClick=${() => view.current?.zoom(1.3)} aria-label=${t("pictures.zoom_in")} title=${t("pictures.zoom_in")}>+</button>
    <button type="button" class="plain" onClick=${() => view.current?.zoom(1 / 1.3)} aria-label=${t("pictures.zoom_out")} title=${t("pictures.zoom_out")}>−</button>
    <button type="button" class="plain" onClick=${() => view.current?.fit()}>${t("pictures.fit")}</button>
    ${touched && html`<button type="button" class="plain" onClick=${reset}>${t("pictures.graph.reset")}</button>`}
    <button type="button" class="plain" onClick=${() => save("svg")}>${t("pictures.save_svg")}</button>
    <button type="button" class="plain" onClick=${() => save("png")}>${t("pictures.save_png")}</button>
  </div>`;
}

/** The graph of an answer. `checks`: Map of an entry's index to {state, reason}; see checks.js. */
export function Graph({ data, alerts, checks, title }) {
  const view = useRef(null);
  const [selected, setSelected] = useState(null);
  const { shown, open, fold, touched, reset } = useShown(data, alerts, checks);
  useEffect(() => setSelected(null), [data]);
  const ordered = useMemo(() => [...shown.nodes].sort((one, other) => Math.abs(one.depth) - Math.abs(other.depth)), [shown]);
  const node = shown.nodes.find((each) => each.id === selected);
  const onOpen = (id) => {
    const found = shown.nodes.find((each) => each.id === id);
    if (found && ["firm", "stage", "rest"].includes(found.type)) open(found);
  };
  const isFolded = levelOf(data.steps) < 2;
  return html`<div class="picture">
    ${data.truncated && html`<p class="notice warn">${t("pictures.truncated", { n: count(data.steps.length) })}</p>`}
    ${isFolded && html`<p class="notice">${t("pictures.graph.folded", { n: count(data.steps.length), most: MOST })}</p>`}
    ${Object.keys(data.hidden).length > 0 && html`<p class="notice">${t("pictures.graph.hidden_note")}</p>`}
    <${Tools} view=${view} title=${title} touched=${touched} reset=${reset} />
    <div class="graph-and-list">
      <${Canvas} shown=${shown} selected=${selected} onSelect=${setSelected} onOpen=${onOpen} view=${view} label=${t("pictures.graph.label", { title, n: count(shown.nodes.length) })} />
      <div class="graph-side">
        ${node && html`<${NodeDetails} node=${node} alerts=${alerts} checks=${checks} onOpen=${() => onOpen(node.id)} onFold=${fold} onClose=${() => setSelected(null)} />`}
        <${List} nodes=${ordered} selected=${selected} onSelect=${setSelected} onOpen=${onOpen} />
      </div>
    </div>
    <${Legend} nodes=${shown.nodes} />
    <p class="quiet note">${t("pictures.graph.how")}</p>
  </div>`;
}
