// Checks receipts with the transparency log code of npm's @sigstore/verify: one JSON request a line on standard
// input, one JSON answer a line.
// {"envelope": note, "keys": [{"id": hex of 4 bytes, "name": text, "public": hex of 32 bytes}],
//  "entry": base64, "index": text, "path": [base64]} -> {"origin", "size", "root": hex} or {"error": message}
const { createPublicKey } = require('node:crypto')
const { createInterface } = require('node:readline')
const { verifyCheckpoint } = require('@sigstore/verify/dist/tlog/checkpoint.js')
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle.js')

// SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410 section 4).
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

function log({ id, name, public: key }) {
  return {
    logID: Buffer.from(id, 'hex'),
    baseURL: `https://${name}`,
    publicKey: createPublicKey({
      key: Buffer.concat([ED25519, Buffer.from(key, 'hex')]),
      format: 'der',
      type: 'spki',
    }),
  }
}

function answer(request) {
  const entry = {
    canonicalizedBody: Buffer.from(request.entry, 'base64'),
    inclusionProof: {
      logIndex: request.index,
      hashes: request.path.map((hash) => Buffer.from(hash, 'base64')),
      checkpoint: { envelope: request.envelope },
    },
  }
  try {
    const checkpoint = verifyCheckpoint(entry, request.keys.map(log))
    verifyMerkleInclusion(entry, checkpoint)
    return {
      origin: checkpoint.origin,
      size: checkpoint.logSize.toString(),
      root: checkpoint.logHash.toString('hex'),
    }
  } catch (error) {
    return { error: `${error.name}: ${error.message}` }
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`)
})
