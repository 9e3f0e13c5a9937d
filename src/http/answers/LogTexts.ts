import type { LogEntry } from '../../entry/Entry';
import { LOG_TEXTS_MAX, LOG_TEXT_LENGTH_MAX } from '../../httpLimits';

/** The JSON of the logs that were sent last, made once for all who follow. */
export class LogTexts {
  private readonly kept: ({ readonly entry: LogEntry; readonly json: string } | undefined)[] = [];

  jsonOf(entry: LogEntry): string {
    const place = entry.index % LOG_TEXTS_MAX;
    const kept = this.kept[place];
    if (kept?.entry === entry) return kept.json;
    const json = JSON.stringify(entry);
    if (json.length <= LOG_TEXT_LENGTH_MAX) this.kept[place] = { entry, json };
    return json;
  }
}
