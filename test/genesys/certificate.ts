import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

/** A self-signed certificate and its key, as PEM, for a server at this IPv4 address. */
export function certificateFor(address: string, { until = '20991231235959Z' } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
  // Its own: who trusts several of one name tries the first.
  const name = sequence(set(sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(randomUUID())))))
  const validity = sequence(der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from(until)))
  const alternativeName = sequence(der(0x87, Buffer.from(address.split('.').map(Number))))
  const extension = sequence(oid(0x55, 0x1d, 0x11), der(0x04, alternativeName))
  // RFC 5280, 4.1: version 3, serial number, how it is signed, issuer, validity, subject, key, extensions.
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  )
  const signature = der(0x03, Buffer.of(0), sign('sha256', toBeSigned, privateKey))
  const certificate = sequence(toBeSigned, ecdsaWithSha256, signature)
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** ASN.1 in DER: a tag, the length of what follows, what follows. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...head), content])
}

function sequence(...parts: Uint8Array[]): Buffer {
  return der(0x30, ...parts)
}

function set(...parts: Uint8Array[]): Buffer {
  return der(0x31, ...parts)
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}
