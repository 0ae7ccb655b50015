// Every page of the console: where it is, who it is for, what loads it. A page's module exports a component as
// default and the areas of texts it needs as `areas`. Who may see what is the server's to decide: `roles` only
// says whose menu a page stands in.

const REGULATORS = ["regulator", "authority"];
const AUDITORS = ["auditor", ...REGULATORS];
export const PRODUCERS = [
  "miner", "separator", "smelter", "magnet_maker", "recycler", "trader", "exporter", "importer", "warehouse", "carrier", "reserve", "user",
];

/** [{desk, pages: [{path, title, load, roles, menu, home}]}]; roles null: anyone, []: anyone signed in. */
export const DESKS = [
  {
    desk: "regulator",
    roles: REGULATORS,
    pages: [
      { path: "/console/regulator", title: "common.nav.overview", load: () => import("./desks/regulator/overview.js") },
      { path: "/console/provenance", title: "common.nav.provenance", load: () => import("./desks/regulator/provenance.js"), roles: [] },
      { path: "/console/alerts", title: "common.nav.alerts", load: () => import("./desks/regulator/alerts.js"), roles: [] },
      { path: "/console/cases", title: "common.nav.cases", load: () => import("./desks/regulator/cases.js") },
      { path: "/console/licence-queue", title: "common.nav.queue", load: () => import("./desks/regulator/licence_queue.js") },
      { path: "/console/quotas", title: "common.nav.quotas", load: () => import("./desks/regulator/quotas.js") },
      { path: "/console/what-if", title: "common.nav.what_if", load: () => import("./desks/regulator/what_if.js") },
      { path: "/console/export-control", title: "common.nav.export_control", load: () => import("./desks/regulator/export_control.js") },
      { path: "/console/balance", title: "common.nav.balance", load: () => import("./desks/regulator/balance.js"), roles: [] },
      { path: "/console/dependence", title: "common.nav.dependence", load: () => import("./desks/regulator/dependence.js") },
      { path: "/console/reserves", title: "common.nav.reserves", load: () => import("./desks/regulator/reserves.js") },
      { path: "/console/firm", title: "common.nav.firm", load: () => import("./desks/regulator/firm.js"), roles: [], menu: false },
    ],
  },
  {
    desk: "producer",
    roles: PRODUCERS,
    pages: [
      { path: "/console/producer", title: "common.nav.today", load: () => import("./desks/producer/today.js") },
      { path: "/console/record", title: "common.nav.record", load: () => import("./desks/producer/record.js") },
      { path: "/console/stock", title: "common.nav.stock", load: () => import("./desks/producer/stock.js") },
      { path: "/console/shipments", title: "common.nav.shipments", load: () => import("./desks/producer/shipments.js") },
      { path: "/console/licences", title: "common.nav.licences", load: () => import("./desks/producer/licences.js") },
      { path: "/console/records", title: "common.nav.records", load: () => import("./desks/producer/records.js") },
      { path: "/console/receivables", title: "common.nav.receivables", load: () => import("./desks/producer/receivables.js") },
    ],
    also: ["/console/provenance", "/console/alerts", "/console/balance"],
  },
  {
    desk: "auditor",
    roles: AUDITORS,
    pages: [
      { path: "/console/auditor", title: "common.nav.chain", load: () => import("./desks/auditor/chain.js"), roles: null },
      { path: "/console/entries", title: "common.nav.entries", load: () => import("./desks/auditor/entries.js"), roles: null },
      { path: "/console/audits", title: "common.nav.audits", load: () => import("./desks/auditor/audits.js") },
      { path: "/console/oversight", title: "common.nav.oversight", load: () => import("./desks/auditor/oversight.js") },
      { path: "/console/refusals", title: "common.nav.refusals", load: () => import("./desks/auditor/refusals.js") },
    ],
  },
  {
    desk: "public",
    roles: null,
    pages: [
      { path: "/", title: "common.nav.home", load: () => import("./desks/public/home.js") },
      { path: "/console/statistics", title: "common.nav.statistics", load: () => import("./desks/public/statistics.js") },
      { path: "/console/verify", title: "common.nav.verify", load: () => import("./desks/public/verify.js") },
      { path: "/console/sign-in", title: "common.nav.sign_in", load: () => import("./desks/session/sign_in.js"), menu: false },
      { path: "/console/account", title: "common.nav.account", load: () => import("./desks/session/account.js"), roles: [], menu: false },
    ],
  },
];

const PAGES = new Map(DESKS.flatMap(({ roles, pages }) => pages.map((page) => [page.path, { roles, ...page }])));

/** The page at a path, or undefined. */
export const pageAt = (path) => PAGES.get(path.length > 1 ? path.replace(/\/$/, "") : path);

/** Whether something for these roles (null: anyone, []: anyone signed in) is for who holds those (null: nobody). */
export const open = (roles, held) =>
  roles === null || (held !== null && (roles.length === 0 || roles.some((role) => held.includes(role))));

/** The menu of somebody with these roles (null: nobody signed in): [{desk, pages}]. */
export function menuFor(held) {
  const menu = [];
  for (const { desk, roles, pages, also = [] } of DESKS) {
    const own = open(roles, held);
    const mine = (page) => page.roles === null || (own && open(page.roles ?? roles, held));
    const shown = pages.filter((page) => page.menu !== false && mine(page));
    const more = own ? also.map(pageAt).filter((page) => !menu.some((each) => each.pages.includes(page))) : [];
    if (shown.length + more.length) menu.push({ desk, pages: [...shown, ...more] });
  }
  return menu;
}

/** Where somebody with these roles begins. */
export function homeOf(held) {
  const desk = DESKS.find(({ roles }) => roles && held && open(roles, held));
  return desk ? desk.pages[0].path : "/";
}
