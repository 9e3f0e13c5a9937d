import { createCipheriv, createHmac } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Content types of TLS (RFC 8446, 5.1). */
export const ContentType = { alert: 21, handshake: 22, data: 23 } as const;

/** A record's type, version and length. */
export const HEADER_BYTES = 5;
const TAG_BYTES = 16;
const KEY_BYTES = 16;
const IV_BYTES = 12;

/**
 * Makes records that TLS itself would never send, under the keys of a real connection (RFC 8446, 5.2 and 7.3), so that
 * the other side decrypts them and has to judge what they hold. For TLS_AES_128_GCM_SHA256.
 */
export class TlsRecords {
  private secret: Buffer | null = null;
  private key: Buffer = Buffer.alloc(0);
  private iv: Buffer = Buffer.alloc(0);

  /** How many records have been sent under these keys. */
  sequence = 0;

  /** @param own the attacker's end of the connection, before its handshake is done. */
  constructor(own: TLSSocket, side: 'CLIENT' | 'SERVER') {
    own.on('keylog', (line: Buffer) => {
      const [label, , secret] = line.toString().trim().split(' ');
      if (label === `${side}_TRAFFIC_SECRET_0`) this.take(Buffer.from(secret ?? '', 'hex'));
    });
  }

  /** One record. */
  record(contentType: number, content: Buffer): Buffer {
    if (this.secret === null) throw new Error('the handshake is not done');
    const inner = Buffer.concat([content, Buffer.from([contentType])]);
    const header = Buffer.from('1703030000', 'hex');
    header.writeUInt16BE(inner.length + TAG_BYTES, HEADER_BYTES - 2);
    const nonce = Buffer.from(this.iv);
    const at = IV_BYTES - 4;
    nonce.writeUInt32BE((nonce.readUInt32BE(at) ^ this.sequence++) >>> 0, at);
    const cipher = createCipheriv('aes-128-gcm', this.key, nonce).setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }

  /** A KeyUpdate that asks for one back; what follows is under the next keys (RFC 8446, 7.2). */
  keyUpdate(): Buffer {
    const record = this.record(ContentType.handshake, Buffer.from('1800000101', 'hex'));
    if (this.secret !== null) this.take(expandLabel(this.secret, 'traffic upd', 32));
    this.sequence = 0;
    return record;
  }

  private take(secret: Buffer): void {
    this.secret = secret;
    this.key = expandLabel(secret, 'key', KEY_BYTES);
    this.iv = expandLabel(secret, 'iv', IV_BYTES);
  }
}

/** A record that no key opens. */
export function recordWithWrongMac(): Buffer {
  return Buffer.concat([Buffer.from('1703030040', 'hex'), Buffer.alloc(0x40, 7)]);
}

/** HKDF-Expand-Label without a context (RFC 8446, 7.1), of at most one hash. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}
