import type { LeaderContact } from '../../../src/mokka/election/LeaderContact';
import type { LocalLog } from '../../../src/mokka/log/LocalLog';
import type { ReplicationMessage } from '../../../src/mokka/messages/LogMessage';
import type { Replication } from '../../../src/mokka/log/Replication';
import { plantIn, UnfitPlantError } from '../simulator/Plant';
import type { SimulatedMokka } from '../simulator/SimulatedMokka';

/**
 * Plants reach the private members of a part by `part['name']`: the compiler knows that name and its type, so that a
 * member with another name is an error of `tsc`.
 */

/** Sets a field that is readonly. Its present value, read by `part['name']`, is there for the compiler. */
export function plantField<Value>(part: object, name: string, present: Value, planted: Value): void {
  if (Reflect.get(part, name) !== present) throw new UnfitPlantError(`no field ${name}`);
  Reflect.set(part, name, planted);
}

/** The log of a node. */
export function localLogOf(mokka: SimulatedMokka): LocalLog {
  return mokka['replicatedLog'].log;
}

/** Plants a bug around what a node makes of a message of its log: `around` calls `receive`, once. */
export function plantAroundReceive(
  mokka: SimulatedMokka,
  around: (from: string, message: ReplicationMessage, receive: () => void) => void,
): void {
  const log = mokka['replicatedLog'];
  const receive = log.receive.bind(log);
  log.receive = (from, message, now) => around(from, message, () => receive(from, message, now));
}

/** Plants a bug in the leader's half of replication, each time that a node comes to lead. */
export function plantInLeaders(mokka: SimulatedMokka, plant: (replication: Replication) => void): void {
  const log = mokka['replicatedLog'];
  const lead = log.lead.bind(log);
  log.lead = (term, peers) => {
    lead(term, peers);
    const replication = log['replication'];
    if (replication === null) throw new UnfitPlantError('a leader without its half of replication');
    plantIn(replication, plant);
  };
}

/** Plants a bug in what a leader hears of its followers, each time that a node comes to lead. */
export function plantInContacts(mokka: SimulatedMokka, plant: (contact: LeaderContact) => void): void {
  const election = mokka['election'];
  const stateChanged = election.stateChanged.bind(election);
  election.stateChanged = () => {
    stateChanged();
    const contact = election['leadership']?.contact;
    if (contact !== undefined) plantIn(contact, plant);
  };
}
