interface QueuedEvent {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen, by time; what is due at the same time happens in the order in which it was put in. */
export class EventQueue {
  private readonly heap: QueuedEvent[] = [];
  private lastOrder = 0;

  put(at: number, run: () => void): void {
    const event = { at, order: ++this.lastOrder, run };
    const { heap } = this;
    let slot = heap.push(event) - 1;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[slot] = above;
      slot = parent;
    }
    heap[slot] = event;
  }

  /** When the next event is due; Infinity when there is none. */
  get nextAt(): number {
    return this.heap[0]?.at ?? Infinity;
  }

  /** Takes out the next event. */
  take(): QueuedEvent | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && last !== first) this.sink(last);
    return first;
  }

  private sink(event: QueuedEvent): void {
    const { heap } = this;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let below = left;
      if (right !== undefined && isBefore(right, left)) {
        child++;
        below = right;
      }
      if (isBefore(event, below)) break;
      heap[slot] = below;
      slot = child;
    }
    heap[slot] = event;
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
