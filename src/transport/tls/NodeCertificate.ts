import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { StartError } from '../../errors';

/** A node's identity on its links. */
export interface NodeCertificate {
  /** TLS 1.3 with this node's key and certificate, the secret among it: never to be shown. */
  readonly tlsOptions: SecureContextOptions;
  /** The same, made. */
  readonly secureContext: SecureContext;
  /** The Ed25519 public key, 64 hex digits. */
  readonly signingKey: string;
}

const SEED_BYTES = 32;
const SECRET_KEY = /^[0-9a-f]{128}$/i;
const VOTING_KEY_DIGITS = 66;

/** An Ed25519 private key's PKCS #8 before its seed (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Makes the node's certificate, signed by the node's own key. Nobody checks more of it than the key: names, dates
 * and issuers mean nothing between nodes. Written in DER by hand, since @peculiar/x509 takes 120
 * to 190 ms of start-up and 15 MB of memory for as much, and gives it only as a promise.
 *
 * @param secretKey tweetnacl's Ed25519 secret, 64 bytes in hex.
 * @throws StartError BAD_KEY, which does not show the secret.
 */
export function makeNodeCertificate(secretKey: string): NodeCertificate {
  if (!SECRET_KEY.test(secretKey))
    throw new StartError(
      'BAD_KEY',
      'the secretKey is not 128 hex digits: make one with npx mokka-cluster gen-keys',
    );
  const seed = Buffer.from(secretKey.slice(0, 2 * SEED_BYTES), 'hex');
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const cert = toPem(selfSign(privateKey));
  const tlsOptions: SecureContextOptions = {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert,
    // Unasked, Node would read in all the web's authorities, whom nobody here asks.
    ca: cert,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
    sigalgs: 'ed25519',
    ecdhCurve: 'X25519',
  };
  const secureContext = createSecureContext(tlsOptions);
  return { tlsOptions, secureContext, signingKey: signingKeyOf(createPublicKey(privateKey)) ?? '' };
}

/** An Ed25519 public key in hex; null for a key of another kind. */
export function signingKeyOf(key: KeyObject): string | null {
  if (key.asymmetricKeyType !== 'ed25519') return null;
  const { x } = key.export({ format: 'jwk' });
  return x === undefined ? null : Buffer.from(x, 'base64url').toString('hex');
}

/** The Ed25519 part of a node's publicKey (src/README.md, Words). */
export function signingPart(publicKey: string): string {
  return publicKey.slice(VOTING_KEY_DIGITS).toLowerCase();
}

/** DER tags (X.690). */
const SEQUENCE = 0x30;
const SET = 0x31;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** Version 3, serial number 1, and the object identifiers of Ed25519 and commonName. */
const VERSION_AND_SERIAL = Buffer.from('a003020102020101', 'hex');
const ED25519 = Buffer.from('06032b6570', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** A certificate with an Ed25519 key and signature, in DER (RFC 5280, 4.1; RFC 8410). */
function selfSign(privateKey: KeyObject): Buffer {
  const algorithm = der(SEQUENCE, ED25519);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('node')))));
  const validity = der(
    SEQUENCE,
    der(UTC_TIME, Buffer.from('700101000000Z')),
    der(GENERALIZED_TIME, Buffer.from('99991231235959Z')),
  );
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const toBeSigned = der(SEQUENCE, VERSION_AND_SERIAL, algorithm, name, validity, name, publicKey);
  const signature = Buffer.concat([Buffer.from([0]), sign(null, toBeSigned, privateKey)]);
  return der(SEQUENCE, toBeSigned, algorithm, der(BIT_STRING, signature));
}

/** One DER element. Its length takes the fewest bytes; none in such a certificate reaches 64 KiB. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const long = length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : long), content]);
}

function toPem(certificate: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
