// Begins the console: texts, who is signed in, then the page that the address names.
import "./core/key_link.js";
import { App } from "./core/app.js";
import { html, render } from "./core/html.js";
import { loadAreas } from "./core/i18n.js";
import { follow } from "./core/router.js";
import { refresh, session } from "./core/session.js";
import { applyTheme } from "./core/theme.js";

applyTheme();
follow();
await Promise.all([loadAreas("common", "terms", "errors"), refresh().catch(() => session.set(null))]);
render(html`<${App} />`, document.getElementById("app"));
