import { decodeLogMessage } from '../../../../src/mokka/messages/LogMessage';
import { EntryKind, payloadId, type PushId } from '../../../../src/entry/Entry';
import { isElectionPacket, PacketType } from '../../../../src/mokka/messages/ElectionPacket';

const names = new Map<number, string>(Object.entries(PacketType).map(([name, type]) => [type, name]));

/** A packet between nodes in a few words. */
export function describePacket(packet: Buffer): string {
  if (isElectionPacket(packet)) return describeElectionPacket(packet);
  const message = decodeLogMessage(packet);
  if (message.type === 'forward') {
    const pushes = message.pushes.map(
      ({ since, payload }) => `${name(payloadId(payload))} since ${since ?? 'never'}`,
    );
    return `forward ${pushes.join(', ')}`;
  }
  if (message.type === 'answers') {
    const answers = [
      ...message.committed.map((answer) => `${name(answer)} is ${answer.committed.logNumber}`),
      ...message.refused.map((answer) => `${name(answer)} ${answer.refused}`),
    ];
    return `answers in term ${message.term} commit ${message.commitIndex}: ${answers.join(', ')}`;
  }
  if (message.type !== 'append') {
    const { type, ...fields } = message;
    return `${type} ${brief(fields)}`;
  }
  const { entries, term, epoch, previousIndex, previousTerm, commitIndex } = message;
  const what = entries.map(
    ({ index, term: of, kind }) => `${index}@${of}${kind === EntryKind.Empty ? 'e' : ''}`,
  );
  return `append in term ${term} epoch ${epoch} after ${previousIndex}@${previousTerm}: [${what.join(' ')}] commit ${commitIndex}`;
}

function describeElectionPacket(packet: Buffer): string {
  const { type, term, data } = JSON.parse(packet.toString()) as { type: number; term: number; data: object };
  return `${names.get(type) ?? String(type)} in term ${term} ${brief(data)}`;
}

function name({ session, nonce }: PushId): string {
  return `${session.slice(0, 4)}…${session.slice(-2)}/${nonce}`;
}

function brief(fields: object): string {
  const parts = Object.entries(fields).map(([name, value]: [string, unknown]) => {
    const text = Array.isArray(value) ? `${value.length} of them` : String(value);
    return `${name} ${text.length > 20 ? `${text.slice(0, 12)}…` : text}`;
  });
  return parts.join(', ');
}
