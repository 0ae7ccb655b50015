// Who is signed in. The key stays in this browser; the server learns a signature over its challenge.
import { Problem, get, send, whenSessionEnds } from "./api.js";
import { signSessionProof } from "./jws.js";
import { keyOf } from "./keys.js";
import { go } from "./router.js";
import { store } from "./store.js";

/** undefined: not asked yet; null: nobody; else {party, organisation, roles, kid, issued, expires, idle_expires}. */
export const session = store(undefined);

// Whether this browser opened a session that it has not ended: a stranger's first page asks the server nothing.
const OPENED = "reledger.session";

function remember(open) {
  try {
    if (open) localStorage.setItem(OPENED, "open");
    else localStorage.removeItem(OPENED);
  } catch {
    // Without storage every page load begins signed out.
  }
}

function remembered() {
  try {
    return localStorage.getItem(OPENED) !== null;
  } catch {
    return false;
  }
}

function begin(opened) {
  remember(opened !== null);
  const waiting = ended.get();
  const again = opened !== null && opened.party === session.get()?.party;
  session.set(opened);
  waiting?.settle(again);
  return opened;
}

/** null, or {settle(again)} while requests wait for the session, which has ended, to be opened anew. */
export const ended = store(null);

whenSessionEnds(() => {
  if (!session.get()) return false;
  if (!ended.get()) {
    let settled;
    const wait = new Promise((resolve) => (settled = resolve));
    const settle = (again) => {
      ended.set(null);
      settled(again);
    };
    ended.set({ wait, settle });
  }
  return ended.get().wait;
});

/** Asks the server who this is. */
export async function refresh() {
  if (!remembered()) return begin(null);
  try {
    return begin(await get("/v1/sessions/current"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    return begin(null);
  }
}

/** Opens a session with a key of keys.js; one that is open ends. */
export async function signIn(key) {
  if (session.get()) await send("DELETE", "/v1/sessions/current").catch(() => null);
  const challenge = await (await send("POST", "/v1/sessions/challenges")).json();
  const proof = await signSessionProof(key, challenge);
  const opened = await send("POST", "/v1/sessions", { body: proof, type: "application/jose" });
  return begin(await opened.json());
}

/** Ends this session, or all of this key's, and goes to a page that anybody may see. */
export async function signOut({ everywhere = false, to = "/" } = {}) {
  try {
    await send("DELETE", everywhere ? "/v1/sessions" : "/v1/sessions/current");
  } catch (error) {
    if (error.status !== 401) throw error; // it was over already
  }
  go(to);
  begin(null);
}

/** Whether the party signed in holds one of these roles. */
export const holds = (...roles) => roles.some((role) => session.get()?.roles.includes(role));

/** Whether the party signed in sees everything. */
export const seesAll = () => holds("regulator", "authority");

/** The signed-in party's key in this browser; null where it is not here (then nothing can be signed). */
export async function signingKey() {
  const who = session.get();
  return who ? keyOf(who.kid) : null;
}
