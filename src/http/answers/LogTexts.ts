import { toLogEntry, type Entry } from '../../entry/Entry';
import { LOG_TEXTS_MAX, LOG_TEXT_LENGTH_MAX } from '../../httpLimits';

/** The JSON of short logs that were sent last, made once for all who follow. */
export class LogTexts {
  private readonly kept: ({ readonly entry: Entry; readonly json: string } | undefined)[] = [];

  jsonOf(entry: Entry): string {
    const place = entry.logNumber % LOG_TEXTS_MAX;
    const kept = this.kept[place];
    if (kept?.entry === entry) return kept.json;
    const json = JSON.stringify(toLogEntry(entry));
    if (json.length <= LOG_TEXT_LENGTH_MAX) this.kept[place] = { entry, json };
    return json;
  }
}
