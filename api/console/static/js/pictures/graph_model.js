// What of a walk is shown at once: single steps, and steps folded by stage and firm. Draws nothing.
import { STAGES } from "./colours.js";

/** Above this many steps a graph begins folded. */
export const MOST = 150;
const FIRST = 40;
const BORN = new Set(["extract", "opening", "import"]);

const stageOf = (step) => step.stage || step.kind;
const wayOf = (step) => (step.depth < 0 ? "d" : "u");
const stageKey = (step) => `s:${wayOf(step)}|${stageOf(step)}`;
const firmKey = (step) => `f:${wayOf(step)}|${stageOf(step)}|${step.party}`;

/** How far a graph of these steps is folded at first: 0 by stage, 1 by stage and firm, 2 not at all. */
export function levelOf(steps) {
  if (steps.length <= MOST) return 2;
  return new Set(steps.map(firmKey)).size <= MOST ? 1 : 0;
}

function grouped(steps, key) {
  const groups = new Map();
  for (const step of steps) {
    const name = key(step);
    if (groups.has(name)) groups.get(name).push(step);
    else groups.set(name, [step]);
  }
  return groups;
}

// What needs looking at comes first, then what weighs most.
const weight = (step, alerts) => (step.tainted_by !== null ? 2 : 0) + (alerts.has(step.name) ? 1 : 0);

function groupNode(id, kind, members, alerts) {
  return {
    id,
    type: kind,
    stage: stageOf(members[0]),
    party: kind === "stage" ? null : members[0].party,
    firms: new Set(members.map((each) => each.party)).size,
    count: members.length,
    mass_mg: members.reduce((sum, each) => sum + each.mass_mg, 0),
    tainted: members.filter((each) => each.tainted_by !== null).length,
    alerts: members.filter((each) => alerts.has(each.name)).length,
    depth: Math.min(...members.map((each) => each.depth)),
    indices: members.map((each) => each.index),
  };
}

/**
 * The nodes and edges to show.
 * @param {object[]} steps As in an answer. @param {number[][]} edges Pairs [child, parent].
 * @param {Map<string, boolean>} open What the reader folded (false) or opened (true), by a node's id.
 * @param {Map<string, number>} shown How many steps of a firm's are shown one by one, by the firm's node id.
 * @param {Map<string, object[]>} alerts By the name of a lot or pool.
 * @returns {{nodes: object[], edges: object[]}} Nodes of type "step", "firm", "stage" or "rest"; edges {id, source,
 *   target, count} run as the goods went.
 */
export function folded(steps, edges, { open, shown, alerts }) {
  const level = levelOf(steps);
  const isOpen = (id, least) => open.get(id) ?? level >= least;
  const standing = new Map();
  const nodes = [];
  const place = (node, members) => {
    nodes.push(node);
    for (const each of members) standing.set(each.node, node.id);
  };
  const single = (step) =>
    place({ id: `n:${step.node}`, type: "step", step, stage: stageOf(step), depth: step.depth, indices: [step.index], groups: [firmKey(step), stageKey(step)] }, [step]);
  const starts = steps.filter((each) => each.depth === 0);
  const alone = starts.length <= 20 ? new Set(starts) : new Set();
  alone.forEach(single);
  for (const [stage, ofStage] of grouped(steps.filter((each) => !alone.has(each)), stageKey)) {
    if (ofStage.length > 1 && !isOpen(stage, 1)) {
      place(groupNode(stage, "stage", ofStage, alerts), ofStage);
      continue;
    }
    for (const [firm, ofFirm] of grouped(ofStage, firmKey)) {
      if (ofFirm.length > 1 && !isOpen(firm, 2)) {
        place({ ...groupNode(firm, "firm", ofFirm, alerts), groups: [stage] }, ofFirm);
        continue;
      }
      const most = shown.get(firm) ?? (level === 2 ? MOST : FIRST);
      const ordered = ofFirm.length <= most ? ofFirm
        : [...ofFirm].sort((one, other) => weight(other, alerts) - weight(one, alerts) || other.mass_mg - one.mass_mg);
      ordered.slice(0, most).forEach(single);
      const rest = ordered.slice(most);
      if (rest.length) place({ ...groupNode(`r:${firm}`, "rest", rest, alerts), group: firm }, rest);
    }
  }
  return { nodes, edges: joined(edges, standing) };
}

function joined(edges, standing) {
  const found = new Map();
  for (const [child, parent] of edges) {
    const [source, target] = [standing.get(parent), standing.get(child)];
    if (!source || !target || source === target) continue;
    const id = `${source}>${target}`;
    const known = found.get(id);
    if (known) known.count += 1;
    else found.set(id, { id, source, target, count: 1 });
  }
  return [...found.values()];
}

const LINES = 40;

/**
 * Marks for steps of others, one node for each stage, before the shown steps that nothing shown led to. Which of
 * them led to which is not told, so their lines only say "somewhere before".
 */
export function hiddenMarks(hidden, { nodes, edges }) {
  const marks = Object.entries(hidden)
    .map(([stage, count]) => ({ id: `h:${stage}`, type: "hidden", stage, count, depth: 1e6, indices: [] }))
    .sort((one, other) => STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage));
  if (!marks.length) return { nodes, edges };
  const fed = new Set(edges.map((each) => each.target));
  const ends = nodes.filter((each) => !fed.has(each.id) && !(each.step && BORN.has(each.step.change)));
  const line = (from, to) => ({ id: `${from.id}>${to.id}`, source: from.id, target: to.id, count: 1, hidden: true });
  const lines = [
    ...marks.slice(1).map((mark, at) => line(marks[at], mark)),
    ...ends.slice(0, LINES).map((end) => line(marks.at(-1), end)),
  ];
  return { nodes: [...marks, ...nodes], edges: [...lines, ...edges] };
}

/** What the reader folded and opened, once a node is opened: {open, shown}. */
export function opened(node, { open, shown }) {
  if (node.type === "rest") return { open, shown: new Map(shown).set(node.group, (shown.get(node.group) ?? FIRST) + FIRST) };
  return { open: new Map(open).set(node.id, true), shown };
}

/** The same once a group ("s:..." or "f:...") is folded. */
export const foldedUp = (group, { open, shown }) => ({ open: new Map(open).set(group, false), shown });
