import type { Exchange } from './answers/Exchange';

/**
 * The requests that are worked on, each in a place of its own. A Set is made anew for every so many that are taken out:
 * V8 chains what it was before to what it is, and with one of them in the old generation each request lives on, and is
 * copied, until all of the heap is collected.
 */
export class ExchangesUnderWay {
  private readonly places: (Exchange | null)[] = [];
  private readonly free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.places.length - this.free.length;
  }

  /** Returns its place, by which it is taken out. */
  add(exchange: Exchange): number {
    const place = this.free.pop() ?? this.places.length;
    this.places[place] = exchange;
    return place;
  }

  /** Once for each that was added. */
  remove(place: number): void {
    this.places[place] = null;
    this.free.push(place);
  }

  /** Ends those that wait or follow. */
  endAll(): void {
    for (const exchange of this.places) exchange?.end();
  }
}
