// Signs and verifies with npm's jose: one JSON request a line on standard input, one JSON answer a line.
// {"do": "sign", "jwk": private JWK, "header": {...}, "payload": text} -> {"jws": compact JWS}
// {"do": "new-key", "alg": "Ed25519" | "EdDSA" | "ES256"} -> {"private": JWK, "public": JWK, "thumbprint": text}
// {"do": "verify", "jwk": public JWK, "alg": name, "jws": compact JWS} -> {"header": {...}, "payload": text} or {"error": code}
import { createInterface } from 'node:readline'
import * as jose from 'jose'

async function answer(request) {
  switch (request.do) {
    case 'new-key': {
      const { privateKey, publicKey } = await jose.generateKeyPair(request.alg, { extractable: true })
      const shown = await jose.exportJWK(publicKey)
      return {
        private: await jose.exportJWK(privateKey),
        public: shown,
        thumbprint: await jose.calculateJwkThumbprint(shown),
      }
    }
    case 'sign': {
      const key = await jose.importJWK(request.jwk, request.header.alg)
      const signer = new jose.CompactSign(new TextEncoder().encode(request.payload))
      return { jws: await signer.setProtectedHeader(request.header).sign(key) }
    }
    case 'verify': {
      const key = await jose.importJWK(request.jwk, request.alg)
      try {
        const verified = await jose.compactVerify(request.jws, key)
        return { header: verified.protectedHeader, payload: new TextDecoder().decode(verified.payload) }
      } catch (error) {
        return { error: error.code }
      }
    }
    default:
      throw new Error(`nothing is done for ${request.do}`)
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
}
