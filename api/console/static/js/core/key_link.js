// A key in a link: /console/sign-in#key=<base64url of PKCS #8>. Taken out of the address before anything else
// happens, so that it is neither in the history nor in what is copied from the address bar.
import { store } from "./store.js";

/** The key of the link that was followed, as its text; null where there is none, or it was used. */
export const keyLink = store(null);

function take() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  keyLink.set(key);
}

take();
addEventListener("hashchange", take);
