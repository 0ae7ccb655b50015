// The tree head: which log, how many leaves, which root; its three lines of text. As ledger/log/tree_head.py.
import { fromBase64, toBase64, utf8 } from "../core/bytes.js";
import { Refused } from "./refused.js";

export const EMPTY_ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

const MAX_SIZE = 2n ** 63n - 1n;
const FORM = /^([!-*,-~]{1,255})\n(0|[1-9]\d{0,18})\n([A-Za-z0-9+/]{43}=)\n$/;

/** The text that is signed. */
export const treeHeadText = ({ origin, size, root }) => utf8(`${origin}\n${size}\n${toBase64(root)}\n`);

/**
 * The tree head that this text is; extension lines are refused.
 * @returns {{origin: string, size: bigint, root: Uint8Array}}
 */
export function parseTreeHead(bytes) {
  const text = new TextDecoder("latin1").decode(bytes);
  const found = FORM.exec(text);
  const malformed = (why) => new Refused("checkpoint.malformed", why);
  if (!found || bytes.some((each) => each > 0x7f)) throw malformed("three_lines");
  const [, origin, size, root] = found;
  if (BigInt(size) > MAX_SIZE) throw malformed("size_range");
  if (size === "0" && root !== EMPTY_ROOT) throw malformed("empty_root");
  try {
    return { origin, size: BigInt(size), root: fromBase64(root) };
  } catch {
    throw malformed("three_lines");
  }
}
