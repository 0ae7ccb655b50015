// The one error of this folder: some bytes are not what they must be.

/** Evidence that does not hold: `code` as in docs/errors.md, `why` names the sentence `proof.why.<why>`. */
export class Refused extends Error {
  constructor(code, why, params = {}) {
    super(`${code}: ${why}`);
    Object.assign(this, { code, why, params });
  }
}
