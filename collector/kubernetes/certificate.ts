/**
 * A certificate of our own making, for when none is given: names come in, PEM goes out. Nobody vouches for it: whoever asks us has to be told not to verify it (an
 * APIService's `insecureSkipTLSVerify`), or to be given it as authority. Written in DER (ITU-T X.690) after RFC 5280, since Node reads certificates and makes none.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
} as const;

/** For ten years: it is made anew at each start. */
export function makeCertificate(names: readonly string[], nowMs: number, days = 3650): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  // An authority of its own, of its own name in each process: two of one name would pass for the same.
  const name = distinguished(`plimsoll ${randomBytes(4).toString('hex')}`);
  const content = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(nowMs - DAY_MS), time(nowMs + days * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(authority(), alternatives(names))),
  );
  const signature = sign('sha256', content, privateKey);
  const cert = sequence(content, algorithm, tagged(0x03, Buffer.from([0]), signature));
  return { cert: pem(cert), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function authority(): Buffer {
  const isAuthority = sequence(tagged(0x01, Buffer.from([0xff])));
  return sequence(oid(OID.basicConstraints), tagged(0x01, Buffer.from([0xff])), tagged(0x04, isAuthority));
}

function alternatives(names: readonly string[]): Buffer {
  const all = names.map((name) => {
    const address = /^\d+\.\d+\.\d+\.\d+$/.exec(name);
    return address ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name, 'latin1'));
  });
  return sequence(oid(OID.subjectAltName), tagged(0x04, sequence(...all)));
}

function distinguished(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid(OID.commonName), tagged(0x0c, Buffer.from(name)))));
}

/** Two digits of the year until 2050, as the RFC wants. */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function oid(bytes: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 0xff]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
